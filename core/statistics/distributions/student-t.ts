import { findRoot } from '../find-root.ts';
import { betaI } from './incomplete-beta.ts';
import { gammaP } from './incomplete-gamma.ts';
import { logGamma } from './log-gamma.ts';
import { normalCdf, normalQuantile } from './normal.ts';

/** From so many degrees of freedom on, Hill's normal deviate is exact to double precision with one term. */
const NEARLY_NORMAL = 1e6;
/** Where df / t² is below this, a tail is its power of t to double precision. */
const FAR = 1e-18;
/** So near to 1/2 a quantile is found by its distance from there, of which a tail would leave few digits. */
const NEAR_HALF = 0.01;

/**
 * P(T > `t`) for Student's t with `df` degrees of freedom.
 *
 * Claim: relative error under 1e-9.
 * Reference: Abramowitz & Stegun 26.7.1 (by the incomplete beta function); with very many degrees of freedom Hill, "Algorithm 395:
 * Student's t-distribution" (CACM, 1970).
 * Vector: measure/vectors/answers/distributions.json, by SciPy; edges.json, by mpmath.
 */
export function studentSurvival(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  if (df >= NEARLY_NORMAL) return normalCdf(-normalDeviate(t, df));
  const square = t * t;
  if (df / square < FAR) return t > 0 ? farTail(t, df) : 1 - farTail(-t, df);
  const point = { x: df / (df + square), complement: square / (df + square) };
  const tail = 0.5 * betaI(df / 2, 0.5, point);
  return t >= 0 ? tail : 1 - tail;
}

/** P(0 < T < t). */
function centralHalf(t: number, df: number): number {
  if (df >= NEARLY_NORMAL) return gammaP(0.5, normalDeviate(t, df) ** 2 / 2) / 2;
  const square = t * t;
  return betaI(0.5, df / 2, { x: square / (df + square), complement: df / (df + square) }) / 2;
}

/** P(T > t) far out: the first term of the beta function's series, which no square of t overflows. */
function farTail(t: number, df: number): number {
  return Math.exp(df * Math.log(Math.sqrt(df) / t) - logFarFactor(df));
}

/** log(df B(df/2, 1/2)). */
function logFarFactor(df: number): number {
  return Math.log(df) + logGamma(df / 2) + logGamma(0.5) - logGamma((df + 1) / 2);
}

/** The z that a standard normal exceeds as often as Student's t exceeds `t`. */
function normalDeviate(t: number, df: number): number {
  const a = df - 0.5;
  const square = a * Math.log1p((t / df) * t);
  return Math.sign(t) * Math.sqrt(square) * (1 + (square + 3) / (48 * a * a));
}

/**
 * The t with P(T <= t) = `p` for `df` degrees of freedom; infinite at 0 and 1, `NaN` outside.
 *
 * Claim: relative error under 1e-9 for p from 1e-300 to 0.9999, also next to 1/2; of a small p nothing is lost by taking it from 1.
 * Reference: the root of `studentSurvival`, on a logarithmic scale so that far tails count as much as near ones.
 * Vector: measure/vectors/answers/distributions.json, by SciPy; edges.json, by mpmath.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p === 0.5) return 0;
  return p < 0.5 ? -quantileOfTail(p, df) : quantileOfTail(1 - p, df);
}

/** The t that is exceeded with probability `tail`, below a half. */
function quantileOfTail(tail: number, df: number): number {
  if (tail === 0) return Number.POSITIVE_INFINITY;
  const far = Math.sqrt(df) * Math.exp(-(Math.log(tail) + logFarFactor(df)) / df);
  if (df / far / far < FAR) return far;
  if (0.5 - tail < NEAR_HALF && df >= 1) {
    return findRoot((t) => centralHalf(t, df) - (0.5 - tail), { low: 0, high: 1 });
  }
  let high = 1 - 2 * normalQuantile(tail);
  while (studentSurvival(high, df) > tail) high *= 2;
  return findRoot((t) => Math.log(studentSurvival(t, df) / tail), { low: 0, high });
}
