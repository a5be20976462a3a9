import type { Instant } from '../../core/instant.ts';
import { addByHour, type HourCounts, listHours } from '../../core/serving/hour-counts.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';

/** What was seen of a model's stable version since then, by hour (UTC), the oldest first. */
export async function countHours(
  { store }: Pick<AgentContext, 'store'>,
  model: string,
  since: Instant,
): Promise<readonly HourCounts[]> {
  const hours = new Map<string, HourCounts>();
  for (let after = 0; ; ) {
    const piece = store.stableSince(model, since, after);
    const last = piece.at(-1);
    if (last === undefined) return listHours(hours);
    addByHour(hours, piece);
    after = last.seq;
    await breathe();
  }
}
