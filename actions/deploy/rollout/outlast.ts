import type { Environment } from '../../../core/config/config.ts';
import { pollSeconds } from '../../../core/deploy/leases.ts';
import { isLedgerUnreachable, ServiceError } from '../../../core/errors.ts';
import { secondsBetween } from '../../../core/instant.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { formatDuration } from '../../../core/report/format-number.ts';

/** So long a job goes on without the ledger, in seconds: nobody can tell it meanwhile that the rollout has ended. */
const LONGEST_SECONDS = 600;

/**
 * Does what needs the ledger, again at each poll while that can't be reached, and something else between two tries. After ten minutes
 * it rejects: the rollout is left to its leases then.
 */
export type Outlast = <T>(work: () => Promise<T>, meanwhile?: () => Promise<unknown>) => Promise<T>;

type OutlastPorts = { readonly clock: Clock; readonly log: Pick<Log, 'warn'>; readonly signal: AbortSignal };

/** The patience of one job with the ledger. */
export function createOutlast(
  { clock, log, signal }: OutlastPorts,
  settings: Pick<Environment, 'leaseSeconds'>,
): Outlast {
  return async (work, meanwhile = async () => undefined) => {
    const since = clock.now();
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (thrown) {
        if (!isLedgerUnreachable(thrown)) throw thrown;
        if (secondsBetween(since, clock.now()) >= LONGEST_SECONDS) throw leftToLeases(thrown);
        if (tries === 1) log.warn(describeWait(thrown));
        await meanwhile();
        await clock.wait(pollSeconds(settings) * 1_000, signal);
      }
    }
  };
}

function describeWait({ message }: ServiceError): string {
  return `${message} Until then no traffic is raised and no version promoted; this job tries again for ${formatDuration(LONGEST_SECONDS)}.`;
}

function leftToLeases(thrown: ServiceError): ServiceError {
  const { message, where } = thrown.problem;
  return new ServiceError(
    {
      code: thrown.problem.code,
      message:
        `${message} That has lasted for ${formatDuration(LONGEST_SECONDS)}, so an open rollout is left to its leases: ` +
        'hosts keep its traffic where it is for one lease, and return to the stable version after another.',
      remedy: 'Run this job again once the git host answers: it goes on from where the ledger says.',
      where,
    },
    { cause: thrown },
  );
}
