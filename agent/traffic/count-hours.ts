import { addSeconds, type Instant, isBefore } from '../../core/instant.ts';
import { addByHour, type HourCounts, listHours } from '../../core/serving/hour-counts.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';

/** So far back hours are told, in s: what they are read from is thousands of rows a day. */
const LONGEST_SECONDS = 2 * 86_400;

/** What was seen of a model's stable version since then, and in the last two days, by hour (UTC), the oldest first. Ends early where nobody waits any more. */
export async function countHours(
  { store, clock }: Pick<AgentContext, 'store' | 'clock'>,
  { model, since }: { readonly model: string; readonly since: Instant },
  signal?: AbortSignal,
): Promise<readonly HourCounts[]> {
  const first = addSeconds(clock.now(), -LONGEST_SECONDS);
  const hours = new Map<string, HourCounts>();
  let last = { at: isBefore(since, first) ? first : since, seq: 0 };
  while (signal?.aborted !== true) {
    const piece = store.stableAfter(model, last);
    const newest = piece.at(-1);
    if (newest === undefined) break;
    addByHour(hours, piece);
    last = newest;
    await breathe();
  }
  return listHours(hours);
}
