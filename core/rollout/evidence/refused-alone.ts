import {
  addRate,
  logOnsetEvidence,
  type RateOnset,
  startRateOnset,
} from '../../statistics/sequential/rate-onset.ts';
import { isAlone } from './objective.ts';
import type { Observation } from './observation.ts';
import { type StageTotals, sumStages } from './stage-totals.ts';

/** Less than half of all requests refused may be clients' own mistakes, however few the stable version had to refuse. */
const LEAST_LIMIT = 0.5;
const ODDS_OF_STABLE = 3;
/** From here on the limit is none: where the stable version refuses nearly everything, nothing can be grossly worse. */
const LARGEST_LIMIT = 0.9;
/** Fewer requests of the stable version than this say nothing about what it refuses. */
const LEAST_SEEN = 100;
/** More requests in this time count as one: clients' mistakes come in bursts. */
const SECONDS_OF_ONE = 2;

/**
 * What a candidate refuses while it has all traffic and nothing is left to compare it with. Without a limit nothing has been counted yet.
 * `requests` and `refused` are those since it began to exceed the limit, for people to read.
 */
export type RefusedAlone = {
  readonly limit?: number;
  readonly onset: RateOnset;
  readonly requests: number;
  readonly refused: number;
};

/** Before any poll. */
export function startRefusedAlone(): RefusedAlone {
  return { onset: startRateOnset(), requests: 0, refused: 0 };
}

/**
 * Counts one poll, if the candidate is alone in it. The limit is fixed from what the stable version refused in this rollout before. So many
 * `hosts` tell of the same seconds.
 */
export function addRefusedAlone(
  alone: RefusedAlone,
  observation: Observation,
  past: { readonly stages: readonly StageTotals[]; readonly eta: number; readonly hosts: number },
): RefusedAlone {
  if (!isAlone(observation)) return alone;
  const { seconds, candidate } = observation;
  const limit = alone.limit ?? refusedAloneLimit(sumStages(past.stages, 'stable'));
  const eta = past.eta * shareThatCounts(candidate.requests, seconds / past.hosts);
  const counts = { requests: candidate.requests, bad: candidate.refused };
  const requests = alone.requests + candidate.requests;
  const refused = alone.refused + candidate.refused;
  const isOver = refused > limit * requests;
  return {
    limit,
    onset: addRate(alone.onset, counts, { limit, eta }),
    requests: isOver ? requests : 0,
    refused: isOver ? refused : 0,
  };
}

/** Log of the evidence that it refuses more than the limit, `weight` requests counted as one. */
export function measureRefusedAlone({ onset }: RefusedAlone, weight: number): number {
  return logOnsetEvidence(onset) / weight;
}

/**
 * The share of its requests that a candidate may refuse where it has all traffic: half of them, or three times the odds of the stable
 * version; nine in ten where little was seen of that; and all, so that there is no limit, where that refused three in four.
 */
export function refusedAloneLimit(stable: { readonly requests: number; readonly refused: number }): number {
  if (stable.requests < LEAST_SEEN) return LARGEST_LIMIT;
  const rate = stable.refused / stable.requests;
  const limit = (ODDS_OF_STABLE * rate) / (1 + (ODDS_OF_STABLE - 1) * rate);
  return limit >= LARGEST_LIMIT ? 1 : Math.max(LEAST_LIMIT, limit);
}

/** How much of each request counts, in [0, 1], where so many came in this time. It depends on nothing that they could prove. */
export function shareThatCounts(requests: number, seconds: number): number {
  return Math.min(1, seconds / SECONDS_OF_ONE / Math.max(1, requests));
}
