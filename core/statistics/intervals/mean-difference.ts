import { studentQuantile } from '../distributions/student-t.ts';
import type { PairedDifference } from './bonett-price.ts';

/** The mean of per-row differences with its Student-t interval of coverage `level`; at least two rows. */
export function meanDifference(differences: ArrayLike<number>, level: number): PairedDifference {
  const n = differences.length;
  const mean = sumOf(differences) / n;
  let squares = 0;
  for (let row = 0; row < n; row += 1) squares += ((differences[row] ?? 0) - mean) ** 2;
  return around(mean, Math.sqrt(squares / (n - 1) / n), n - 1, level);
}

/**
 * The same for rows that come in groups (`groupOf[row]` in 0..`groups`-1): rows of one group may depend on each other, groups may not.
 * Linearised ratio variance of the group sums with groups - 1 degrees of freedom (Cochran, "Sampling Techniques", 3rd ed., ch. 9).
 */
export function groupedMeanDifference(
  differences: ArrayLike<number>,
  groupOf: ArrayLike<number>,
  groups: number,
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
  return around(mean, standardError, groups - 1, level);
}

function around(mean: number, standardError: number, df: number, level: number): PairedDifference {
  const reach = standardError === 0 ? 0 : studentQuantile((1 + level) / 2, df) * standardError;
  return { estimate: mean, standardError, interval: { low: mean - reach, high: mean + reach, level } };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += 1) sum += values[row] ?? 0;
  return sum;
}
