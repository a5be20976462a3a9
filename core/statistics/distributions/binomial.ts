import { betaI } from './incomplete-beta.ts';
import { binomialDensity } from './saddle-point.ts';

/**
 * P(X = `k`) for `n` trials of probability `p`; 0 when `k` is not a whole number in 0..n.
 *
 * Claim (all four functions of this file): relative error under 1e-9, under 1e-6 where the probability is below 1e-12.
 * Reference: Loader (2000) for the density, DLMF 8.17.5 for the sums by the incomplete beta function.
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function binomialProbability(k: number, n: number, p: number): number {
  return Number.isInteger(k) ? binomialDensity(k, n, { p, q: 1 - p }) : 0;
}

/** P(X <= `k`) for `n` trials of probability `p`, by the incomplete beta function. */
export function binomialCdf(k: number, n: number, p: number): number {
  const whole = Math.floor(k);
  if (Number.isNaN(k) || !(p >= 0 && p <= 1)) return Number.NaN;
  if (whole < 0) return 0;
  if (whole >= n) return 1;
  return betaI(n - whole, whole + 1, { x: 1 - p, complement: p });
}

/** P(X > `k`), exact where the upper tail is tiny. */
export function binomialSurvival(k: number, n: number, p: number): number {
  const whole = Math.floor(k);
  if (Number.isNaN(k) || !(p >= 0 && p <= 1)) return Number.NaN;
  if (whole < 0) return 1;
  if (whole >= n) return 0;
  return betaI(whole + 1, n - whole, { x: p, complement: 1 - p });
}

/** The smallest k with P(X <= k) >= `probability`. */
export function binomialQuantile(probability: number, n: number, p: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (binomialCdf(middle, n, p) >= probability) high = middle;
    else low = middle + 1;
  }
  return low;
}
