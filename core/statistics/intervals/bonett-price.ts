import type { Interval } from '../../verdict.ts';
import { normalQuantile } from '../distributions/normal.ts';

/** What paired right/wrong answers say about the difference of two accuracies. */
export type PairedDifference = {
  readonly estimate: number;
  readonly standardError: number;
  readonly interval: Interval;
};

/** Rows that only B gets right, rows that only A does, and all rows. */
type PairedCounts = { readonly gains: number; readonly losses: number; readonly n: number };

/**
 * The difference of two accuracies on the same rows, (gains - losses) / n, with its interval of coverage `level`.
 *
 * Claim: coverage near `level`, so that a model worse by exactly the margin passes about one time in twenty (5.2% at worst of the five
 * cells of docs/decisions.md, row 5).
 * Assumes: independent rows.
 * Reference: Bonett & Price, "Adjusted Wald confidence interval for a difference of binomial proportions based on paired data"
 * (Journal of Educational and Behavioral Statistics, 2012): one gain and one loss are added before the usual interval is taken.
 * Vector: test/core/statistics/known-answers.test.ts, the published example; coverage by measure/simulate/gate-rows/margin.ts.
 */
export function bonettPrice({ gains, losses, n }: PairedCounts, level: number): PairedDifference {
  const up = (gains + 1) / (n + 2);
  const down = (losses + 1) / (n + 2);
  const centre = up - down;
  const standardError = Math.sqrt((up + down - centre * centre) / (n + 2));
  const reach = normalQuantile((1 + level) / 2) * standardError;
  const interval = { low: Math.max(-1, centre - reach), high: Math.min(1, centre + reach), level };
  return { estimate: (gains - losses) / n, standardError, interval };
}
