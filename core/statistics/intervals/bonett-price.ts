import type { Interval } from '../../verdict.ts';
import { normalQuantile } from '../distributions/normal.ts';

/** What paired right/wrong answers say about the difference of two accuracies. */
export type PairedDifference = {
  readonly estimate: number;
  readonly standardError: number;
  readonly interval: Interval;
};

/**
 * The difference of two paired proportions, (gains - losses) / n, with its interval of coverage `level` by Bonett and Price,
 * "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data" (2012).
 */
export function bonettPrice(gains: number, losses: number, n: number, level: number): PairedDifference {
  const up = (gains + 1) / (n + 2);
  const down = (losses + 1) / (n + 2);
  const centre = up - down;
  const standardError = Math.sqrt((up + down - centre * centre) / (n + 2));
  const reach = normalQuantile((1 + level) / 2) * standardError;
  const interval = { low: Math.max(-1, centre - reach), high: Math.min(1, centre + reach), level };
  return { estimate: (gains - losses) / n, standardError, interval };
}
