import type { Environment } from '../config/config.ts';
import { type Instant, secondsBetween } from '../instant.ts';
import { type Rollout, secondsHeld } from '../ledger/state.ts';
import { LEASES_TO_RETURN } from '../serving/decide-traffic.ts';
import { POLLS_PER_LEASE, SHORTEST_POLL_SECONDS } from '../serving/lease-limits.ts';

/** Hosts are polled no less often than this, in s. */
const LONGEST_POLL_SECONDS = 15;

/** A rollout that is late is still given this share of its deadline each time, or it would be taken up over and over. */
const LEAST_SHARE = 1 / 2;

/** Seconds between two polls of the hosts. */
export function pollSeconds({ leaseSeconds }: Pick<Environment, 'leaseSeconds'>): number {
  return Math.max(SHORTEST_POLL_SECONDS, Math.min(LONGEST_POLL_SECONDS, leaseSeconds / POLLS_PER_LEASE));
}

/**
 * The lease in seconds of a rollout that no job waits for: a host that nobody reaches any more has returned to the stable version by
 * the rollout's deadline. One that a person holds waits until that hold is over, which is when it is taken back.
 */
export function detachedLease(
  rollout: Rollout,
  { rollout: { deadlineSeconds } }: Pick<Environment, 'rollout'>,
  now: Instant,
): number {
  const { held, startedAt } = rollout;
  if (held?.code === 'held') {
    const leftSeconds = deadlineSeconds - secondsBetween(held.at, now);
    return Math.max(1, leftSeconds / LEASES_TO_RETURN);
  }
  const leftSeconds = deadlineSeconds - (secondsBetween(startedAt, now) - secondsHeld(rollout, now));
  return Math.max(LEAST_SHARE * deadlineSeconds, leftSeconds) / LEASES_TO_RETURN;
}
