import { studentQuantile } from '../distributions/student-t.ts';
import type { PairedDifference } from './bonett-price.ts';

/**
 * The mean of per-row differences with its interval of coverage `level`; at least two rows.
 *
 * Claim: coverage near `level` when the mean is about normal.
 * Assumes: independent rows, and no rare rows so large that these happened to hold none of them.
 * Reference: Student, "The probable error of a mean" (Biometrika, 1908).
 * Vector: measure/vectors/answers/mean-difference.json, by SciPy.
 */
export function meanDifference(differences: ArrayLike<number>, level: number): PairedDifference {
  const n = differences.length;
  const mean = sumOf(differences) / n;
  let squares = 0;
  for (let row = 0; row < n; row += 1) squares += ((differences[row] ?? 0) - mean) ** 2;
  return around({ mean, standardError: Math.sqrt(squares / (n - 1) / n), df: n - 1 }, level);
}

/** Which group each row belongs to, in 0..`groups`-1. */
type Grouping = { readonly groupOf: ArrayLike<number>; readonly groups: number };

/**
 * The same for rows that come in groups (one user, one patient).
 *
 * Claim: coverage near `level` when there are some tens of groups.
 * Assumes: rows of one group may depend on each other in any way, groups may not.
 * Reference: Cochran, "Sampling Techniques" (3rd ed., 1977), ch. 9: linearised ratio variance of the group sums, groups - 1 degrees of
 * freedom.
 * Vector: measure/vectors/answers/mean-difference.json, by statsmodels' cluster-robust regression.
 */
export function groupedMeanDifference(
  differences: ArrayLike<number>,
  { groupOf, groups }: Grouping,
  level: number,
): PairedDifference {
  const n = differences.length;
  const mean = sumOf(differences) / n;
  const residuals = new Float64Array(groups);
  for (let row = 0; row < n; row += 1) {
    const group = groupOf[row] ?? 0;
    residuals[group] = (residuals[group] ?? 0) + (differences[row] ?? 0) - mean;
  }
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const standardError = Math.sqrt((squares * groups) / (groups - 1)) / n;
  return around({ mean, standardError, df: groups - 1 }, level);
}

type Mean = { readonly mean: number; readonly standardError: number; readonly df: number };

function around({ mean, standardError, df }: Mean, level: number): PairedDifference {
  const reach = standardError === 0 ? 0 : studentQuantile((1 + level) / 2, df) * standardError;
  return { estimate: mean, standardError, interval: { low: mean - reach, high: mean + reach, level } };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) sum += values[row] ?? 0;
  return sum;
}
