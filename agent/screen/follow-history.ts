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

type Followed = { readonly sums: HistorySums; seq: number };

/** What was counted of a model in the last day. */
export type FollowHistory = (model: string) => Promise<HistorySums>;

/**
 * Adds a day up where somebody asks, and from then on only what is new: polls of a day are ten thousands, read in pieces of a few ms. What
 * could not be written yet is not among them.
 */
export function createHistoryFollower({
  store,
  clock,
}: Pick<AgentContext, 'store' | 'clock'>): FollowHistory {
  const known = new Map<string, Followed>();
  return joinCalls(async (model) => {
    const sinceMs = historyStart(epochMs(clock.now()), MOST_HOURS);
    const followed = known.get(model) ?? begin(store, model, toInstant(sinceMs));
    if (followed === undefined) return startHistory();
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

function begin(store: AgentContext['store'], model: string, since: string): Followed | undefined {
  const seq = store.numberBefore(model, since);
  return seq === undefined ? undefined : { sums: startHistory(), seq };
}
