import { shareEdges } from '../../statistics/latency-buckets.ts';
import type { ArmCounts, Observation } from './observation.ts';

/** Why a poll can't be counted. It is left out, and the reason is counted and shown. */
export const OBSERVATION_PROBLEM_CODES = [
  'seen-before',
  'not-a-count',
  'more-bad-than-requests',
  'latency-edges-differ',
  'unknown-stage',
] as const;
export type ObservationProblem = (typeof OBSERVATION_PROBLEM_CODES)[number];

/** Each problem in words, as the end of a sentence about polls. */
export const OBSERVATION_PROBLEMS: Readonly<Record<ObservationProblem, string>> = {
  'seen-before': 'their host had reported them or later ones already',
  'not-a-count': 'a count was negative, fractional, infinite or NaN',
  'more-bad-than-requests': 'they reported more bad requests than requests',
  'latency-edges-differ': 'their two versions used different latency buckets',
  'unknown-stage': 'their stage is not one of the plan',
};

/** The first thing that makes an observation uncountable, or `undefined`. Cheap: it runs on every poll. */
export function findObservationProblem(
  observation: Observation,
  stages: number,
): ObservationProblem | undefined {
  const { candidate, stable, copies, stage, seq, seconds, weights } = observation;
  const arms = [candidate, stable, ...(copies === undefined ? [] : [copies.ended])];
  if (!Number.isSafeInteger(stage) || stage < 0 || stage >= stages) return 'unknown-stage';
  const clean =
    isCount(seq) && seconds >= 0 && Number.isFinite(seconds) && Number.isFinite(weights.candidate);
  if (!clean || !arms.every(hasCleanCounts) || !isCount(copies?.open ?? 0)) return 'not-a-count';
  if (arms.some(hasTooManyBad)) return 'more-bad-than-requests';
  if (!arms.every(({ latency }) => shareEdges(latency, stable.latency))) return 'latency-edges-differ';
  return undefined;
}

function hasCleanCounts(arm: ArmCounts): boolean {
  const { requests, errors, unanswered, refused, invalid, latency } = arm;
  return [requests, errors, unanswered, refused, invalid, ...latency.counts].every(isCount);
}

function hasTooManyBad(arm: ArmCounts): boolean {
  const { requests, errors, unanswered, refused, invalid } = arm;
  return unanswered > errors || Math.max(errors, refused, invalid) > requests;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
