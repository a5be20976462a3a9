import { chiSquareSurvival, noncentralChiSquareSurvival } from '../statistics/distributions/chi-square.ts';
import { findRoot } from '../statistics/find-root.ts';
import type { Interval } from '../verdict.ts';

/** Bins with fewer rows than this, reference and window together, are merged before testing. */
const MIN_ROWS_PER_BIN = 10;
const LARGEST_LAMBDA_STEPS = 60;

/** Two histograms of the same bins compared: Pearson's X² of the two samples, and the population stability index. */
export type Comparison = {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** M N / (M + N): X² grows by this much per unit of index. */
  readonly effectiveRows: number;
  readonly rows: number;
  /** As computed, and less what chance alone adds to it. The second is the one to show. */
  readonly index: number;
  readonly debiasedIndex: number;
};

/**
 * Compares a window with its reference; `undefined` when either is empty or fewer than two bins hold enough rows.
 * `isOrdered` says whether small bins may only be merged with their neighbours (numbers) or with any (categories).
 */
export function compareHistograms(
  reference: readonly number[],
  window: readonly number[],
  isOrdered: boolean,
): Comparison | undefined {
  const m = sum(reference);
  const n = sum(window);
  if (!(m > 0 && n > 0) || reference.length !== window.length) return undefined;
  const pairs = mergeSmallBins(reference, window, isOrdered);
  if (pairs.length < 2) return undefined;
  const left = Math.sqrt(n / m);
  const right = Math.sqrt(m / n);
  const chiSquare = pairs.reduce(
    (total, [expected, observed]) =>
      total + (left * expected - right * observed) ** 2 / (expected + observed),
    0,
  );
  const index = stabilityIndex(reference, window);
  const bias = (reference.length - 1) * (1 / m + 1 / n);
  return {
    chiSquare,
    degreesOfFreedom: pairs.length - 1,
    effectiveRows: (m * n) / (m + n),
    rows: n,
    index,
    debiasedIndex: index - bias,
  };
}

/** Population stability index with half a row added to each bin: sum of (p - q) ln(p / q), in nats. */
export function stabilityIndex(reference: readonly number[], window: readonly number[]): number {
  const bins = reference.length;
  const m = sum(reference) + bins / 2;
  const n = sum(window) + bins / 2;
  return reference.reduce((total, count, bin) => {
    const p = (count + 0.5) / m;
    const q = ((window[bin] ?? 0) + 0.5) / n;
    return total + (p - q) * Math.log(p / q);
  }, 0);
}

/** Probability of an X² this large while the true index is at most `tolerance`. */
export function tolerancePValue(comparison: Comparison, tolerance: number): number {
  const { chiSquare, degreesOfFreedom, effectiveRows } = comparison;
  const lambda = effectiveRows * tolerance;
  return lambda > 0
    ? noncentralChiSquareSurvival(chiSquare, degreesOfFreedom, lambda)
    : chiSquareSurvival(chiSquare, degreesOfFreedom);
}

/** Confidence interval of the true index: the non-centralities under which this X² is not extreme. */
export function indexInterval(comparison: Comparison, level: number): Interval {
  const tail = (1 - level) / 2;
  const { effectiveRows } = comparison;
  return {
    low: lambdaAt(comparison, tail) / effectiveRows,
    high: lambdaAt(comparison, 1 - tail) / effectiveRows,
    level,
  };
}

/** The non-centrality at which an X² at least this large has probability `p`; 0 when even none gives more. */
function lambdaAt({ chiSquare, degreesOfFreedom }: Comparison, p: number): number {
  const excess = (lambda: number) =>
    (lambda > 0
      ? noncentralChiSquareSurvival(chiSquare, degreesOfFreedom, lambda)
      : chiSquareSurvival(chiSquare, degreesOfFreedom)) - p;
  if (excess(0) >= 0) return 0;
  let high = chiSquare + degreesOfFreedom;
  for (let step = 0; step < LARGEST_LAMBDA_STEPS && excess(high) < 0; step += 1) high *= 2;
  return findRoot(excess, { low: 0, high, tolerance: 1e-9 * high });
}

type Pair = readonly [reference: number, window: number];

function mergeSmallBins(
  reference: readonly number[],
  window: readonly number[],
  isOrdered: boolean,
): readonly Pair[] {
  const pairs = reference.map((count, bin): Pair => [count, window[bin] ?? 0]);
  const ordered = isOrdered ? pairs : pairs.toSorted((a, b) => a[0] + a[1] - (b[0] + b[1]));
  const merged: Pair[] = [];
  let open: Pair = [0, 0];
  for (const pair of ordered) {
    open = addPairs(open, pair);
    if (open[0] + open[1] < MIN_ROWS_PER_BIN) continue;
    merged.push(open);
    open = [0, 0];
  }
  const last = merged.pop();
  if (last !== undefined) merged.push(addPairs(last, open));
  return merged;
}

function addPairs(left: Pair, right: Pair): Pair {
  return [left[0] + right[0], left[1] + right[1]];
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
