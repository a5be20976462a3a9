import { type Instant, secondsBetween } from '../instant.ts';
import { environmentOf, type LedgerState } from '../ledger/state.ts';

/** Half of what GitHub allows: it switches the schedules of a public repository off after 60 days without activity. */
const QUIET_SECONDS = 30 * 86_400;

/**
 * Whether nothing has been promoted in an environment and no judgement of the monitor recorded for so long that the last one is to be
 * recorded again: a commit keeps the schedule alive, and the ledger shows that somebody looked.
 */
export function isQuiet(ledger: LedgerState, environment: string, now: Instant): boolean {
  const { champion, monitor } = environmentOf(ledger, environment);
  if (champion === undefined) return false;
  return [champion.at, monitor?.at]
    .filter((at) => at !== undefined)
    .every((at) => secondsBetween(at, now) > QUIET_SECONDS);
}
