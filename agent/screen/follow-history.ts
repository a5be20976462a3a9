import { epochMs, toInstant } from '../../core/instant.ts';
import {
  addToHistory,
  cutHistory,
  type HistorySums,
  historyStart,
  MOST_HOURS,
  startHistory,
} from '../../core/serving/screen/history.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import { joinCalls } from './join-calls.ts';

type Followed = { readonly sums: HistorySums; seq: number; askedMs: number };

/** What was counted of a model in the last day. */
export type FollowHistory = (model: string) => Promise<HistorySums>;

/**
 * Adds a day up where somebody asks, and from then on only what is new: polls of a day are ten thousands, read in pieces of a few ms. What
 * nobody has asked for in that time is let go: it would be begun anew, and the model may have no traffic any more. What could not be written
 * yet is not among them.
 */
export function createHistoryFollower({
  store,
  clock,
}: Pick<AgentContext, 'store' | 'clock'>): FollowHistory {
  const known = new Map<string, Followed>();
  return joinCalls(async (model) => {
    const askedMs = epochMs(clock.now());
    const sinceMs = historyStart(askedMs, MOST_HOURS);
    for (const [name, one] of known) if (one.askedMs < sinceMs) known.delete(name);
    const followed = known.get(model) ?? begin(store, model, askedMs);
    if (followed === undefined) return startHistory();
    followed.askedMs = askedMs;
    known.set(model, followed);
    for (;;) {
      const piece = store.pollsAfter(model, followed.seq);
      if (piece === undefined) break;
      for (const poll of piece.polls) addToHistory(followed.sums, poll);
      followed.seq = piece.upTo;
      await breathe();
    }
    cutHistory(followed.sums, sinceMs);
    return followed.sums;
  });
}

function begin(store: AgentContext['store'], model: string, askedMs: number): Followed | undefined {
  const seq = store.numberBefore(model, toInstant(historyStart(askedMs, MOST_HOURS)));
  return seq === undefined ? undefined : { sums: startHistory(), seq, askedMs };
}
