import { pollSeconds } from '../../../core/deploy/leases.ts';
import { addSeconds, isBefore } from '../../../core/instant.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { LEASES_TO_RETURN } from '../../../core/serving/decide-traffic.ts';
import type { Fleet } from './fleet.ts';
import type { Settler } from './settle.ts';

type LeasePorts = {
  readonly fleet: Fleet;
  readonly settler: Pick<Settler, 'settleHosts'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/**
 * After a rollback: a host that could not be told may give the candidate requests until its lease is over. Until then it is told
 * as soon as it is back, so that when this job ends none serves what the ledger has taken back. A lease made long by a detached
 * job is left to monitor-check.
 */
export async function outwaitLeases(
  { fleet, settler, clock, log, signal }: LeasePorts,
  leaseSeconds: number,
): Promise<void> {
  if (fleet.away().length === 0) return;
  const seconds = LEASES_TO_RETURN * leaseSeconds;
  const names = fleet.away().map(({ url }) => url);
  log.info(`${names.join(', ')} can't be told. Waiting up to ${seconds} s, until its lease is over.`);
  const until = addSeconds(clock.now(), seconds);
  while (fleet.away().length > 0 && isBefore(clock.now(), until)) {
    await clock.wait(pollSeconds({ leaseSeconds }) * 1_000, signal);
    await settler.settleHosts();
  }
}
