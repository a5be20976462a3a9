import { chiSquareSurvival, noncentralChiSquareSurvival } from '../statistics/distributions/chi-square.ts';
import { sumOf } from '../statistics/sum-of.ts';
import { type StabilityIndex, stabilityIndex } from './stability-index.ts';

/** Bins with fewer rows than this, reference and window together, are merged before testing. */
const MIN_ROWS_PER_BIN = 10;

/** Two histograms of the same bins compared by Pearson's X² of the two samples. */
export type PearsonComparison = {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** M N / (M + N): X² grows by this much per unit of index. */
  readonly effectiveRows: number;
  readonly rows: number;
};

/** The same, and the population stability index. */
export type HistogramComparison = PearsonComparison & { readonly index: StabilityIndex };

/** Whether small bins may only be merged with their neighbours (numbers) or with any (categories). */
export type BinOrder = { readonly isOrdered: boolean };

/**
 * Compares a window with its reference; `undefined` when either is empty or fewer than two bins hold enough rows.
 *
 * Claim: while both come from one distribution, X² follows about the chi-square of its degrees of freedom; while the true index is
 * lambda / effectiveRows, about the non-central one with lambda. Both samples' noise counts, not the window's alone.
 * Assumes: independent rows, bins fixed before the window, at least ten rows of both together in each bin (smaller ones are merged).
 * Reference: Pearson's X² of two samples in the form of Press, Teukolsky, Vetterling & Flannery, "Numerical Recipes" (3rd ed., 2007),
 * section 14.3; the index and its chi-square law: Yurdakul, "Statistical Properties of Population Stability Index" (2018).
 * Vector: test/core/drift/compare-histograms.test.ts, by SciPy.
 */
export function compareHistograms(
  reference: readonly number[],
  window: readonly number[],
  order: BinOrder,
): HistogramComparison | undefined {
  const compared = compareByPearson(reference, window, order);
  return compared && { ...compared, index: stabilityIndex(reference, window) };
}

/** `compareHistograms` without the index. */
export function compareByPearson(
  reference: readonly number[],
  window: readonly number[],
  order: BinOrder,
): PearsonComparison | undefined {
  const m = sumOf(reference);
  const n = sumOf(window);
  if (!(m > 0 && n > 0) || reference.length !== window.length) return undefined;
  const pairs = mergeSmallBins(reference, window, order);
  if (pairs.length < 2) return undefined;
  const left = Math.sqrt(n / m);
  const right = Math.sqrt(m / n);
  const chiSquare = pairs.reduce(
    (total, [expected, observed]) =>
      total + (left * expected - right * observed) ** 2 / (expected + observed),
    0,
  );
  return {
    chiSquare,
    degreesOfFreedom: pairs.length - 1,
    effectiveRows: (m * n) / (m + n),
    rows: n,
  };
}

/**
 * Probability of an X² this large while the true index is at most `tolerance`.
 *
 * Claim: at most alpha with probability at most about alpha, while the index is within the tolerance.
 * Assumes: as `compareHistograms`. An index of `tolerance` is taken for a non-centrality of `effectiveRows` times it, its first order.
 * Reference: Potgieter, van Zyl, Schutte & Lombard, "The Population Resemblance Statistic" (arXiv 2307.11878), for the idea.
 * Vector: test/core/drift/compare-histograms.test.ts; false alarms by measure/simulate/drift.ts, row 8 of docs/decisions.md.
 */
export function tolerancePValue(comparison: PearsonComparison, tolerance: number): number {
  const { chiSquare, degreesOfFreedom, effectiveRows } = comparison;
  const lambda = effectiveRows * tolerance;
  return lambda > 0
    ? noncentralChiSquareSurvival(chiSquare, degreesOfFreedom, lambda)
    : chiSquareSurvival(chiSquare, degreesOfFreedom);
}

type Pair = readonly [reference: number, window: number];

function mergeSmallBins(
  reference: readonly number[],
  window: readonly number[],
  { isOrdered }: BinOrder,
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
