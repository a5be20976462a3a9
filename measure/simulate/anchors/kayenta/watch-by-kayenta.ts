import type { Observation } from '../../../../core/rollout/evidence/observation.ts';
import type { Stop } from '../../simulate-rollout.ts';
import { classifyMetric, type MetricRule } from './classify-metric.ts';

/** What NetflixACAJudge takes for a critical metric of which only an increase is harm. */
const ERROR_RATE: MetricRule = {
  tolerance: 0.25,
  confidence: 0.98,
  direction: 'increase',
  effect: 'mean-ratio',
  allowed: [1, 1],
  critical: [1, 1],
  nan: 'remove',
};

/** Kayenta's judgement of the error rate of each poll, asked every `everyPolls` over the rollout so far. */
export function watchByKayenta(polls: Iterable<Observation>, everyPolls: number): Stop | undefined {
  const candidateRates: number[] = [];
  const stableRates: number[] = [];
  let candidateRequests = 0;
  for (const { candidate, stable } of polls) {
    candidateRequests += candidate.requests;
    // Without requests it is NaN, as a metric store gives it.
    candidateRates.push(candidate.errors / candidate.requests);
    stableRates.push(stable.errors / stable.requests);
    const isLook = candidateRates.length % everyPolls === 0;
    if (isLook && classifyMetric(candidateRates, stableRates, ERROR_RATE).isCritical) {
      return { polls: candidateRates.length, candidateRequests };
    }
  }
  return undefined;
}
