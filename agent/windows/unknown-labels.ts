import { z } from 'zod';
import { addSeconds, isBefore } from '../../core/instant.ts';
import { formatCount } from '../../core/report/format-number.ts';
import type { HostWarning } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { AgentContext } from '../context.ts';

/** Labels that could not be read are told of for so long after the last one, in s. */
const TOLD_SECONDS = 7 * 86_400;

const countSchema = z.object({ count: z.number(), at: z.string() });

type Noting = Pick<AgentContext, 'store' | 'clock'>;

/** Keeps that so many labels were none of the model's classes, or no numbers. Which, is kept nowhere. */
export function noteUnknownLabels({ store, clock }: Noting, model: string, count: number): void {
  if (count === 0) return;
  const before = store.getMemory(keyOf(model), countSchema);
  const since = addSeconds(clock.now(), -TOLD_SECONDS);
  const total = before === undefined || isBefore(before.at, since) ? count : before.count + count;
  store.putMemory(keyOf(model), { count: total, at: clock.now() });
}

/** Labels that say nothing of the model, since they are written otherwise than it answers: nobody else would notice. */
export function findUnknownLabels({ store, clock }: Noting): readonly HostWarning[] {
  const since = addSeconds(clock.now(), -TOLD_SECONDS);
  return Object.keys(store.traffic()).flatMap((model) => {
    const known = store.getMemory(keyOf(model), countSchema);
    if (known === undefined || isBefore(known.at, since)) return [];
    const message =
      `${formatCount(known.count)} late labels of ${model} are none of its classes, or no numbers, and were left out. ` +
      'Send them as the holdout has them; `answers.labels` says what stands for which class.';
    return [{ code: HOST_WARNINGS.labelsUnknown, model, message }];
  });
}

function keyOf(model: string): string {
  return `labels-unknown/${model}`;
}
