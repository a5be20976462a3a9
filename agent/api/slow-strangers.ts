import { epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { createCounter } from '../machine/counter.ts';

const MINUTE_MS = 60_000;
/** Whoever has mistaken a token finds out at once; who tries them waits. */
const AT_ONCE = 30;
const DELAY_MS = 5_000;
/** Of one address so many wait at most: each has a connection, of which jobs and people behind that address need theirs. */
const MOST_WAITING = 20;
/** Of more addresses in one minute none is told from the others. */
const MOST_ADDRESSES = 10_000;

/**
 * Waits before a request without a known token is answered, where its address has sent many within a minute and not too many wait already.
 * Gives whether its connection is to end with the answer. A known token never waits.
 */
export function createStrangerDelay({
  clock,
}: Pick<AgentContext, 'clock'>): (address: string) => Promise<boolean> {
  const tried = new Map<string, number>();
  const waiting = createCounter();
  let since = epochMs(clock.now());
  return async (address) => {
    const now = epochMs(clock.now());
    // A clock that was set back begins anew, too.
    if (Math.abs(now - since) >= MINUTE_MS) {
      tried.clear();
      since = now;
    }
    const known = tried.has(address) || tried.size < MOST_ADDRESSES ? address : 'others';
    const times = (tried.get(known) ?? 0) + 1;
    tried.set(known, times);
    if (times <= AT_ONCE) return false;
    if (waiting.count(known) >= MOST_WAITING) return true;
    waiting.enter(known);
    try {
      await clock.wait(DELAY_MS);
    } finally {
      waiting.leave(known);
    }
    return true;
  };
}
