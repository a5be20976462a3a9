import { logSumExp } from '../../statistics/distributions/log-sum-exp.ts';
import { logRateEvidence } from '../../statistics/sequential/e-process.ts';
import {
  addRate,
  logOnsetEvidence,
  type RateOnset,
  startRateOnset,
} from '../../statistics/sequential/rate-onset.ts';
import type { Baseline } from './baseline.ts';
import { type ArmTotals, comparedArm, type Observation } from './observation.ts';
import { stablePastOf } from './stable-past.ts';
import type { StageTotals } from './stage-totals.ts';

/** At 100 % there is nothing to compare with: without a configured limit, one is taken from the stable version's rate. */
const DEFAULT_LIMIT = 0.05;
const DEFAULT_MULTIPLE_OF_STABLE = 3;
const LARGEST_LIMIT = 0.5;
/** Failures come in clumps: what is bet on a rate that rises late at most doubles in this time, however many requests fail in it. */
const SECONDS_TO_DOUBLE = 1;

/** Requests, and how many of them were errors or invalid answers; never what was refused, which the client may have written wrongly. */
type Broken = { readonly requests: number; readonly bad: number };

/**
 * The candidate against an absolute rate of bad answers: all that it was asked under this limit, and what is bet on a rate that comes to
 * exceed it. Without a limit nothing has been counted yet.
 */
export type Objective = Broken & {
  readonly limit?: number;
  readonly isConfigured: boolean;
  readonly onset: RateOnset;
  /** Those since it began to exceed the limit, for people to read. */
  readonly lately: Broken;
};

const NOTHING: Broken = { requests: 0, bad: 0 };

/** An objective before any poll, with the configured limit if there is one. */
export function startObjective(limit: number | undefined): Objective {
  return {
    ...(limit !== undefined && { limit }),
    ...{ isConfigured: limit !== undefined, onset: startRateOnset(), lately: NOTHING },
    ...NOTHING,
  };
}

/**
 * Counts one poll. A configured limit holds from the first poll on; the default one only while the candidate has all
 * traffic, and is fixed from what the stable version did before. So many `hosts` tell of the same seconds.
 */
export function addToObjective(
  objective: Objective,
  observation: Observation,
  {
    stages,
    baseline,
    hosts,
  }: { readonly stages: readonly StageTotals[]; readonly baseline: Baseline; readonly hosts: number },
): Objective {
  if (!objective.isConfigured && !isAlone(observation)) return objective;
  const { seconds } = observation;
  const candidate = comparedArm(observation);
  const limit = objective.limit ?? defaultLimit(stages, baseline);
  if (limit === undefined) return objective;
  const counts: Broken = { requests: candidate.requests, bad: countBroken(candidate) };
  const eta = baseline.eta.errors * lateShare(counts.requests, { limit, seconds: seconds / hosts });
  const lately = addBroken(objective.lately, counts);
  return {
    ...{ limit, isConfigured: objective.isConfigured },
    ...addBroken(objective, counts),
    onset: addRate(objective.onset, counts, { limit, eta }),
    lately: lately.bad > limit * lately.requests ? lately : NOTHING,
  };
}

/**
 * Log of the evidence that the candidate exceeds the limit: half is bet on all it was asked, half on a rate that rises late, which good
 * time before hides from the first. `eta` tempers, and `weight` requests count as one.
 *
 * Claim: while the rate is at most the limit, the evidence ever reaches 1 / alpha with probability at most alpha.
 * Assumes: as `logRateEvidence` and `addRate`.
 * Reference: Vovk & Wang (Annals of Statistics, 2021, arXiv 1912.06116): the mean of e-values is one.
 * Vector: test/core/rollout/objective.test.ts; false alarms by rows 1 and 16 of docs/decisions.md.
 */
export function measureObjective(
  { limit, onset, ...all }: Objective,
  { eta, weight }: { readonly eta: number; readonly weight: number },
): number {
  if (limit === undefined) return 0;
  return logSumExp([logRateEvidence(all, limit, eta / weight), logOnsetEvidence(onset) / weight]) - Math.LN2;
}

/** How much of each of so many requests counts as late failures, in [0, 1]: a second of nothing else is to double a bet, and no more. */
export function lateShare(
  requests: number,
  { limit, seconds }: { readonly limit: number; readonly seconds: number },
): number {
  const most = -Math.log(limit) * Math.max(1, requests);
  return Math.min(1, ((seconds / SECONDS_TO_DOUBLE) * Math.LN2) / most);
}

function addBroken(left: Broken, right: Broken): Broken {
  return { requests: left.requests + right.requests, bad: left.bad + right.bad };
}

/** Whether the candidate had all traffic of a poll: there is nothing to compare with then. */
export function isAlone({ weights, stable }: Pick<Observation, 'weights' | 'stable'>): boolean {
  return weights.candidate >= 100 && stable.requests === 0;
}

/** `undefined` on a host that has seen nothing of the stable version and was told nothing of it: that is no sign that it answered well. */
function defaultLimit(stages: readonly StageTotals[], baseline: Baseline): number | undefined {
  const stable = stablePastOf({ stages, baseline });
  const { requests } = stable;
  if (requests === 0 && baseline.ofAllHosts === 'untold') return undefined;
  return defaultObjectiveLimit(requests === 0 ? 0 : countBroken(stable) / requests);
}

/** What an objective is about, of the candidate and in the limit that is taken from the stable version alike. */
function countBroken({
  requests,
  errors,
  invalid,
}: Pick<ArmTotals, 'requests' | 'errors' | 'invalid'>): number {
  return Math.min(requests, errors + invalid);
}

/** The error rate that the bake allows a candidate when the plan sets none, from the stable version's rate. */
export function defaultObjectiveLimit(rate: number): number {
  return Math.min(LARGEST_LIMIT, Math.max(DEFAULT_LIMIT, DEFAULT_MULTIPLE_OF_STABLE * rate));
}
