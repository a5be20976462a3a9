import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import { normalQuantile } from '../../../core/statistics/distributions/normal.ts';
import type { Stop } from '../simulate-rollout.ts';

const CONFIDENCE = 0.98;
const TOLERANCE = 0.25;

/**
 * Kayenta's NetflixACAJudge on the error rate as a critical metric, asked every `everyPolls` over the rollout so far: a
 * Mann-Whitney interval of the shift between the two series, "high" when it lies above a quarter of the shift itself.
 */
export function watchByKayenta(polls: Iterable<Observation>, everyPolls: number): Stop | undefined {
  const candidateSeries: number[] = [];
  const stableSeries: number[] = [];
  let candidateRequests = 0;
  for (const { candidate, stable } of polls) {
    candidateRequests += candidate.requests;
    candidateSeries.push(candidate.requests === 0 ? 0 : candidate.errors / candidate.requests);
    stableSeries.push(stable.requests === 0 ? 0 : stable.errors / stable.requests);
    const isLook = candidateSeries.length % everyPolls === 0;
    if (isLook && isHigh(candidateSeries, stableSeries)) {
      return { polls: candidateSeries.length, candidateRequests };
    }
  }
  return undefined;
}

function isHigh(candidate: readonly number[], stable: readonly number[]): boolean {
  const shifts = candidate.flatMap((left) => stable.map((right) => left - right)).sort((a, b) => a - b);
  const [m, n] = [candidate.length, stable.length];
  const deviation = Math.sqrt((m * n * (m + n + 1)) / 12);
  const rank = Math.floor((m * n) / 2 - normalQuantile((1 + CONFIDENCE) / 2) * deviation);
  const low = shifts[Math.max(0, rank)] ?? 0;
  const middle = shifts.length / 2;
  const median = ((shifts[Math.ceil(middle) - 1] ?? 0) + (shifts[Math.floor(middle)] ?? 0)) / 2;
  const mean = (series: readonly number[]) => series.reduce((sum, value) => sum + value, 0) / series.length;
  return low > TOLERANCE * Math.abs(median) && mean(candidate) > mean(stable);
}
