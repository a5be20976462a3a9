import type { Environment } from '../config/config.ts';

/** How often hosts are polled: often enough to renew the lease four times before it ends, in seconds. */
const POLLS_PER_LEASE = 4;
const LONGEST_POLL_SECONDS = 15;

/** Seconds between two polls of the hosts. */
export function pollSeconds({ leaseSeconds }: Pick<Environment, 'leaseSeconds'>): number {
  return Math.max(1, Math.min(LONGEST_POLL_SECONDS, leaseSeconds / POLLS_PER_LEASE));
}
