import { pollSeconds } from '../../../core/deploy/leases.ts';
import { LEASES_TO_RETURN } from '../../../core/serving/decide-traffic.ts';
import type { Deployment } from '../deploy-context.ts';
import { settleHosts } from './settle.ts';

/**
 * After a rollback: a host that could not be told may give the candidate requests until its lease is over. Until then it is told
 * as soon as it is back, so that when this job ends none serves what the ledger has taken back. A lease made long by a detached
 * job is left to monitor-check.
 */
export async function outwaitLeases(deployment: Deployment): Promise<void> {
  const { request, ports } = deployment;
  const { clock, fleet, log } = ports;
  if (fleet.away().length === 0) return;
  const seconds = LEASES_TO_RETURN * request.environment.leaseSeconds;
  const names = fleet.away().map(({ url }) => url);
  log.info(`${names.join(', ')} can't be told. Waiting up to ${seconds} s, until its lease is over.`);
  const until = Date.parse(clock.now()) + seconds * 1_000;
  while (fleet.away().length > 0 && Date.parse(clock.now()) < until) {
    await clock.wait(pollSeconds(request.environment) * 1_000, request.signal);
    await settleHosts(deployment);
  }
}
