import { findRoot } from '../statistics/find-root.ts';
import type { Evidence } from './evidence/evidence.ts';
import { sumStages } from './evidence/stage-totals.ts';
import type { RolloutPlan } from './rollout-plan.ts';

/** A base error rate below this is not believed when sizing a stage. */
export const SMALLEST_BASE_RATE = 0.001;

/** Requests for 80 % power over those for the median; nats that the mixture over odds ratios costs. Both by simulation. */
const POWER_FACTOR = 1.7;
const MIXTURE_COST = 1.5;
const LARGEST_ODDS_RATIO = 99;

/** Which multiple of the error odds a stage looks for: small stages catch gross harm, large ones subtle harm. */
const LOOKED_FOR = [
  { percent: 1, oddsRatio: 10 },
  { percent: 10, oddsRatio: 3 },
  { percent: 50, oddsRatio: 2 },
  { percent: 100, oddsRatio: 1.5 },
] as const;

/** The odds ratio of errors that a stage at this percentage must be able to see; log-linear between 1, 10, 50 and 100 %. */
export function oddsRatioLookedFor(percent: number): number {
  const above = LOOKED_FOR.findIndex((point) => percent <= point.percent);
  const right = LOOKED_FOR[above] ?? LOOKED_FOR[LOOKED_FOR.length - 1];
  const left = LOOKED_FOR[above - 1];
  if (right === undefined || left === undefined) return LOOKED_FOR[0].oddsRatio;
  const share = Math.log(percent / left.percent) / Math.log(right.percent / left.percent);
  return Math.exp(Math.log(left.oddsRatio) * (1 - share) + Math.log(right.oddsRatio) * share);
}

/**
 * Candidate requests with which errors at this odds ratio are found in 80 % of rollouts.
 *
 * Claim: within about 12% of simulation where the candidate has a small share of traffic and the odds ratio is at most 5.
 * Assumes: the base rate holds, and a bad request is rare. Each candidate request gains base rate × (r ln r - r + 1) nats in the mean;
 * the alarm needs ln(1 / alpha), and the mixture over odds ratios costs a little more.
 * Reference: Wald, "Sequential tests of statistical hypotheses" (Annals of Mathematical Statistics, 1945), for the expected sample size;
 * the two constants are by simulation.
 * Vector: test/core/rollout/plan-stages.test.ts; measure/simulate/rollout.ts, row 2 of docs/decisions.md.
 */
export function requestsToSee(oddsRatio: number, baseRate: number, alpha: number): number {
  const information = oddsRatio * Math.log(oddsRatio) - oddsRatio + 1;
  return Math.ceil((POWER_FACTOR * (Math.log(1 / alpha) + MIXTURE_COST)) / (baseRate * information));
}

/** The smallest odds ratio that so many candidate requests find in 80 % of rollouts; `undefined` when even 99 takes more. */
export function smallestVisible(requests: number, baseRate: number, alpha: number): number | undefined {
  const needed =
    (POWER_FACTOR * (Math.log(1 / alpha) + MIXTURE_COST)) / (baseRate * Math.max(requests, Number.MIN_VALUE));
  const informationGap = (ratio: number) => ratio * Math.log(ratio) - ratio + 1 - needed;
  if (!(informationGap(LARGEST_ODDS_RATIO) > 0)) return undefined;
  return findRoot(informationGap, { low: 1, high: LARGEST_ODDS_RATIO });
}

/** The stable version's error rate as known so far, never below the smallest believed. */
export function baseRateOf(evidence: Evidence): number {
  const stable = sumStages(evidence.stages, 'stable');
  const requests = stable.requests + evidence.baseline.requests;
  const errors = stable.errors + evidence.baseline.errors;
  return requests === 0 ? SMALLEST_BASE_RATE : Math.max(SMALLEST_BASE_RATE, errors / requests);
}

/**
 * Candidate requests that a stage has seen, as far as they count by themselves: where users are dealt to the versions, as many of them
 * count as one as the evidence takes for one. Else a stage would pass on requests that could prove nothing.
 */
export function requestsSeen({ stages, users }: Evidence, stage: number): number {
  const { requests = 0, invalid = 0 } = stages[stage]?.candidate ?? {};
  const ofInvalid = invalid > 0 ? users.heaviest : 1;
  return Math.floor(requests / Math.max(users.errors, users.refused, users.slow, ofInvalid));
}

/** Candidate requests that a stage of the plan needs at this base rate. */
export function requiredRequests(plan: RolloutPlan, percent: number, baseRate: number): number {
  return plan.minRequests ?? requestsToSee(oddsRatioLookedFor(percent), baseRate, plan.alarmAlpha);
}
