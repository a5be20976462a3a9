import type { Interval } from '../../verdict.ts';
import { normalQuantile } from '../distributions/normal.ts';

/**
 * The interval of coverage `level` of a share observed as `rate` in `n` trials.
 *
 * Claim: coverage near `level` also for shares near 0 and 1 and for small `n`, where the usual p ± z se collapses.
 * Assumes: independent trials.
 * Reference: Wilson, "Probable inference, the law of succession, and statistical inference" (JASA, 1927).
 * Vector: measure/vectors/answers/paired-proportions.json, by statsmodels.
 */
export function wilsonInterval(rate: number, n: number, level: number): Interval {
  const z = normalQuantile((1 + level) / 2);
  const square = (z * z) / n;
  const centre = (rate + square / 2) / (1 + square);
  const reach = (z * Math.sqrt((rate * (1 - rate)) / n + square / (4 * n))) / (1 + square);
  return { low: Math.max(0, centre - reach), high: Math.min(1, centre + reach), level };
}
