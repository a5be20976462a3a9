import { binomialQuantile } from '../distributions/binomial.ts';

/**
 * Distribution-free bounds of the `q`-quantile from order statistics: `ranks` are 1-based positions in the sorted sample,
 * each bound holding with at least `confidence` by itself; `undefined` where `n` is too small for one to exist.
 */
export type QuantileBounds = { readonly lower: number | undefined; readonly upper: number | undefined };

/** Ranks of the one-sided bounds of the `q`-quantile among `n` values. */
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

/** The sample quantile by linear interpolation (R's type 7, NumPy's default) of values sorted in increasing order. */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (position - below) * (high - low);
}
