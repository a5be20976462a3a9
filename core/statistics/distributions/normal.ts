import { gammaP, gammaQ } from './incomplete-gamma.ts';

const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
/** So near to 1/2 a quantile is found by its distance from there, of which `normalCdf` would leave few digits. */
const NEAR_HALF = 0.01;
/** Below it the density is no longer a number of full precision. */
const FAR = 1e-290;
const STEPS = 4;
/** Of Mills' ratio times z, by powers of 1 / z^2. */
const MILLS = [1, -1, 3, -15, 105, -945, 10_395] as const;

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
 * Claim: relative error under 1e-9 for every p up to 1 - 1e-12, also next to 1/2.
 * Reference: Abramowitz & Stegun 26.2.23 as a start, then Halley's steps on `normalCdf` (each triples the digits).
 * Vector: measure/vectors/answers/distributions.json, by SciPy; edges.json, by mpmath.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (0.5 - p < NEAR_HALF) return -centralQuantile(0.5 - p);
  if (p < FAR) return -farQuantile(Math.log(p));
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

/** The z with P(0 <= Z <= z) = `distance`, a small one, by Newton's steps. */
function centralQuantile(distance: number): number {
  let z = distance * SQRT_TWO_PI;
  for (let step = 0; step < STEPS; step += 1) {
    z -= (gammaP(0.5, 0.5 * z * z) / 2 - distance) / normalDensity(z);
  }
  return z;
}

/** The z that is exceeded with a tiny probability of this logarithm, by Newton's steps on Abramowitz & Stegun 26.2.12. */
function farQuantile(logTail: number): number {
  let z = Math.sqrt(-2 * logTail);
  for (let step = 0; step < STEPS; step += 1) {
    const inverse = 1 / (z * z);
    const series = MILLS.reduceRight((sum, coefficient) => sum * inverse + coefficient, 0);
    const log = -0.5 * z * z - Math.log(z * SQRT_TWO_PI) + Math.log(series);
    z += (log - logTail) / (z + 1 / z);
  }
  return z;
}
