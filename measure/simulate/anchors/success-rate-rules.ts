import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { Stop } from '../simulate-rollout.ts';

/** How a progressive-delivery tool judges a success rate: measured per interval, with so many failures tolerated. */
type SuccessRateRule = {
  readonly atLeast: number;
  /** Failed measurements with which the rollout is stopped. */
  readonly stopsAtFailures: number;
  readonly intervalSeconds: number;
};

/** Argo Rollouts: `successCondition: result >= 0.99`, `failureLimit: 3` (the fourth failure stops). */
export const ARGO_ROLLOUTS: SuccessRateRule = { atLeast: 0.99, stopsAtFailures: 4, intervalSeconds: 60 };

/** Flagger's documented example: `request-success-rate` min 99, `interval: 1m`, `threshold: 10`. */
export const FLAGGER: SuccessRateRule = { atLeast: 0.99, stopsAtFailures: 10, intervalSeconds: 60 };

/**
 * Measures the candidate's success rate in each interval and stops when too many were below. Neither tool looks at sample sizes. An interval
 * without requests is one that failed: Flagger halts where it finds no value, and what Argo gets, 0 by 0, does not meet its condition.
 */
export function watchBySuccessRate(polls: Iterable<Observation>, rule: SuccessRateRule): Stop | undefined {
  const open = { requests: 0, errors: 0, seconds: 0 };
  let failures = 0;
  let count = 0;
  let candidateRequests = 0;
  for (const { candidate, seconds } of polls) {
    count += 1;
    candidateRequests += candidate.requests;
    open.requests += candidate.requests;
    open.errors += candidate.errors;
    open.seconds += seconds;
    if (open.seconds < rule.intervalSeconds) continue;
    // Without requests it is NaN, which is not enough either.
    if (!(1 - open.errors / open.requests >= rule.atLeast)) failures += 1;
    Object.assign(open, { requests: 0, errors: 0, seconds: 0 });
    if (failures >= rule.stopsAtFailures) return { polls: count, candidateRequests };
  }
  return undefined;
}
