import { normalQuantile } from '../../../../core/statistics/distributions/normal.ts';
import { findZero } from './find-zero.ts';

/** Kayenta searches as finely as R's `wilcox.test` does by default. */
const TOLERANCE = 1e-4;

/** By how much the candidate's values lie above the stable version's: the Hodges-Lehmann estimate, and an interval of it. */
type ShiftInterval = { readonly low: number; readonly high: number; readonly estimate: number };

/**
 * The interval of the shift between two series that a Mann-Whitney test at `confidence` does not refuse. `undefined` when all values
 * are tied once one series is shifted, so that there is no test.
 *
 * Reference: R's `wilcox.test(conf.int = TRUE, exact = FALSE)`, which kayenta-mannwhitney follows.
 * Vector: measure/vectors/answers/kayenta.json.
 */
export function shiftInterval(
  candidate: readonly number[],
  stable: readonly number[],
  confidence: number,
): ShiftInterval | undefined {
  const [left, right] = [candidate, stable].map((series) => series.toSorted((a, b) => a - b));
  if (left === undefined || right === undefined) return undefined;
  const low = (left[0] ?? Number.NaN) - (right.at(-1) ?? Number.NaN);
  const high = (left.at(-1) ?? Number.NaN) - (right[0] ?? Number.NaN);
  const z = (shift: number) => wilcoxonZ(shift, left, right);
  if (Number.isNaN(z(low)) || Number.isNaN(z(high))) return undefined;
  const search = (quantile: number) =>
    findZero((shift) => z(shift) - quantile, { low, high, tolerance: TOLERANCE });
  const quantile = normalQuantile((1 + confidence) / 2);
  const endAt = (limit: number) => {
    if (z(low) <= limit) return low;
    return z(high) >= limit ? high : search(limit);
  };
  return { low: endAt(quantile), high: endAt(-quantile), estimate: search(0) };
}

/**
 * The rank-sum statistic of `candidate` moved down by `shift`, as a standard normal with correction for continuity and for ties; `NaN`
 * when all values are tied. Both series are sorted.
 */
export function wilcoxonZ(shift: number, candidate: readonly number[], stable: readonly number[]): number {
  const [m, n] = [candidate.length, stable.length];
  const { rankSum, ties } = rank(
    candidate.map((value) => value - shift),
    stable,
  );
  const distance = rankSum - (m * (m + 1)) / 2 - (m * n) / 2;
  const variance = ((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1)));
  return (distance - Math.sign(distance) / 2) / Math.sqrt(variance);
}

/** The sum of the ranks of `left` among both sorted series, ties shared, and the sum of t³ − t over the groups of equal values. */
export function rank(
  left: readonly number[],
  right: readonly number[],
): { readonly rankSum: number; readonly ties: number } {
  let [i, j, rankSum, ties] = [0, 0, 0, 0];
  while (i < left.length || j < right.length) {
    const value = Math.min(left[i] ?? Number.POSITIVE_INFINITY, right[j] ?? Number.POSITIVE_INFINITY);
    const [fromLeft, before] = [i, i + j];
    while (left[i] === value) i += 1;
    while (right[j] === value) j += 1;
    const equal = i + j - before;
    rankSum += (i - fromLeft) * (before + (equal + 1) / 2);
    ties += equal ** 3 - equal;
  }
  return { rankSum, ties };
}
