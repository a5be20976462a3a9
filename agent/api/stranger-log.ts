import { epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';

/** Between two lines of it, in ms: whoever tries tokens must not fill the log. */
const QUIET_MS = 60_000;

/** Notes that a request came without a known token. The log says how many did, at most once a minute. */
export function createStrangerLog({ log, clock }: Pick<AgentContext, 'log' | 'clock'>): () => void {
  let untold = 0;
  let toldAt: number | undefined;
  return () => {
    untold += 1;
    const now = epochMs(clock.now());
    if (toldAt !== undefined && now - toldAt < QUIET_MS) return;
    log.warn(`${untold} ${untold === 1 ? 'request' : 'requests'} came without a known token.`);
    toldAt = now;
    untold = 0;
  };
}
