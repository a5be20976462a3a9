import { binomialQuantile } from '../distributions/binomial.ts';

/**
 * Distribution-free bounds of the `q`-quantile from order statistics: `ranks` are 1-based positions in the sorted sample,
 * each bound holding with at least `confidence` by itself; `undefined` where `n` is too small for one to exist.
 */
type QuantileBounds = { readonly lower: number | undefined; readonly upper: number | undefined };

/**
 * Ranks of the one-sided bounds of the `q`-quantile among `n` values.
 *
 * Claim: each bound holds with at least `confidence`, for any distribution.
 * Assumes: independent values of one distribution; no shape at all.
 * Reference: David & Nagaraja, "Order Statistics" (3rd ed., 2003), section 7.1.
 * Vector: measure/vectors/answers/quantile-bounds.json, by SciPy's quantile test.
 */
export function quantileBoundRanks(n: number, q: number, confidence: number): QuantileBounds {
  if (n === 0) return { lower: undefined, upper: undefined };
  const upper = binomialQuantile(confidence, n, q) + 1;
  const lower = binomialQuantile(1 - confidence, n, q);
  return { lower: lower >= 1 ? lower : undefined, upper: upper <= n ? upper : undefined };
}

/** The bounds themselves, of values sorted in increasing order. */
export function quantileBounds(sorted: ArrayLike<number>, q: number, confidence: number): QuantileBounds {
  const ranks = quantileBoundRanks(sorted.length, q, confidence);
  return {
    lower: ranks.lower === undefined ? undefined : sorted[ranks.lower - 1],
    upper: ranks.upper === undefined ? undefined : sorted[ranks.upper - 1],
  };
}

/** The smallest `n` for which the upper bound exists: 59 for the 95th percentile at 95%. */
export function rowsForUpperBound(q: number, confidence: number): number {
  let n = 1;
  while (quantileBoundRanks(n, q, confidence).upper === undefined) n += 1;
  return n;
}

/**
 * The sample quantile of values sorted in increasing order, by linear interpolation.
 *
 * Reference: Hyndman & Fan, "Sample quantiles in statistical packages" (The American Statistician, 1996): type 7, NumPy's default.
 * Vector: measure/vectors/answers/quantile-bounds.json, by NumPy.
 */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (position - below) * (high - low);
}
