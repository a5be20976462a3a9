import { secondsBetween } from '../../core/instant.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { RolloutLease } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';

/** The first reminder comes after this share of the lease, and each of the others after twice as long as the one before. */
const FIRST_SHARE = 1 / 8;
/** A job needs so long to begin, in s. */
const LEAST_SECONDS = 30;

type Done = { readonly model: string; readonly stored: StoredTraffic; readonly lease: RolloutLease };

/**
 * Reports that a stage has what it needs, for a rollout that no job waits for; and again while no job has set the traffic since: the report
 * may have been lost, or the job that it started, and nobody else would go on before the lease is over. Which reminder it is, is said: every
 * host sends them, and plan hears a few.
 */
export function reportStage(
  context: AgentContext,
  { model, stored, lease }: Done,
  { kind, explanation }: { readonly kind: string; readonly explanation: string },
): void {
  const stage = `${lease.rollout}/${lease.stage}`;
  const now = context.clock.now();
  const times = stored.reportedStage === stage ? countReminders(stored, lease, now) : 0;
  if (times === undefined) return;
  const { candidate: version } = stored.traffic;
  context.store.transaction(() => {
    context.store.putTraffic(model, { ...stored, reportedStage: stage, reminded: { times, at: now } });
    report(
      context,
      { type: DISPATCH_TYPES.rollout, model, step: times === 0 ? stage : `${stage}/${times}` },
      {
        ...{ rollout: lease.rollout, ...(version !== undefined && { version }) },
        ...{ stage: lease.stage, decision: kind, explanation },
        ...(times > 0 && { reminder: times }),
      },
    );
  });
}

/** How often this will have been reported again once it is now; `undefined` while it is not due, or a job has come since. */
function countReminders(
  { reminded }: Pick<StoredTraffic, 'reminded'>,
  { leaseSeconds }: RolloutLease,
  now: string,
): number | undefined {
  if (reminded === undefined) return undefined;
  const first = Math.max(LEAST_SECONDS, FIRST_SHARE * leaseSeconds);
  return secondsBetween(reminded.at, now) < first * 2 ** reminded.times ? undefined : reminded.times + 1;
}
