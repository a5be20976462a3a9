import { gammaQ } from './incomplete-gamma.ts';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);

/** Standard normal density. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / SQRT_TWO_PI;
}

/**
 * P(Z <= `x`) of the standard normal, exact in the lower tail too; the upper tail is `normalCdf(-x)`.
 *
 * Claim: relative error under 1e-9, down to probabilities of 1e-300.
 * Reference: Abramowitz & Stegun 26.2.29 (by the incomplete gamma function).
 * Vector: measure/vectors/answers/distributions.json, by mpmath.
 */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const tail = 0.5 * gammaQ(0.5, 0.5 * x * x);
  return x <= 0 ? tail : 1 - tail;
}

/**
 * The z with P(Z <= z) = `p`; infinite at 0 and 1, `NaN` outside.
 *
 * Claim: relative error under 1e-9 for p from 1e-300 to 1 - 1e-12.
 * Reference: Abramowitz & Stegun 26.2.23 as a start, then Halley's steps on `normalCdf` (each triples the digits).
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  const numerator = 2.515517 + t * (0.802853 + t * 0.010328);
  const denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  let z = numerator / denominator - t;
  for (let step = 0; step < 3; step += 1) {
    const error = (normalCdf(z) - p) / normalDensity(z);
    z -= error / (1 + 0.5 * z * error);
  }
  return z;
}
