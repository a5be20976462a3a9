import { gammaQ } from './incomplete-gamma.ts';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);

/** Standard normal density. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / SQRT_TWO_PI;
}

/** P(Z <= `x`) of the standard normal, exact in the lower tail too; the upper tail is `normalCdf(-x)`. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const tail = 0.5 * gammaQ(0.5, 0.5 * x * x);
  return x <= 0 ? tail : 1 - tail;
}

/**
 * The z with P(Z <= z) = `p`; infinite at 0 and 1, `NaN` outside. Abramowitz & Stegun 26.2.23 as a start,
 * then Halley's steps on `normalCdf` (each triples the digits).
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
