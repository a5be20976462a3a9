import type { Baseline } from './baseline.ts';
import type { ArmTotals, Observation } from './observation.ts';
import { type StageTotals, sumStages } from './stage-totals.ts';

/** At 100 % there is nothing to compare with: without a configured limit, this or a multiple of the stable rate is one. */
const DEFAULT_LIMIT = 0.05;
const DEFAULT_MULTIPLE_OF_STABLE = 3;
const LARGEST_LIMIT = 0.5;

/** The candidate against an absolute rate of bad answers. Without a limit nothing has been counted yet. */
export type Objective = {
  readonly limit?: number;
  readonly isConfigured: boolean;
  readonly requests: number;
  /** Errors and invalid answers; never what was refused, which the client may have written wrongly. */
  readonly bad: number;
};

/** An objective before any poll, with the configured limit if there is one. */
export function startObjective(limit: number | undefined): Objective {
  return { ...(limit !== undefined && { limit }), isConfigured: limit !== undefined, requests: 0, bad: 0 };
}

/**
 * Counts one poll. A configured limit holds from the first poll on; the default one only while the candidate has all
 * traffic, and is fixed from what the stable version did before.
 */
export function addToObjective(
  objective: Objective,
  observation: Observation,
  past: { readonly stages: readonly StageTotals[]; readonly baseline: Baseline },
): Objective {
  if (!objective.isConfigured && !isAlone(observation)) return objective;
  return {
    limit: objective.limit ?? defaultLimit(past.stages, past.baseline),
    isConfigured: objective.isConfigured,
    requests: objective.requests + observation.candidate.requests,
    bad: objective.bad + countBroken(observation.candidate),
  };
}

/** Whether the candidate had all traffic of a poll: there is nothing to compare with then. */
export function isAlone({ weights, stable }: Pick<Observation, 'weights' | 'stable'>): boolean {
  return weights.candidate >= 100 && stable.requests === 0;
}

function defaultLimit(stages: readonly StageTotals[], baseline: Baseline): number {
  const stable = sumStages(stages, 'stable');
  const requests = stable.requests + baseline.requests;
  return defaultObjectiveLimit(requests === 0 ? 0 : (countBroken(stable) + countBroken(baseline)) / requests);
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
