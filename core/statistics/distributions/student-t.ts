import { findRoot } from '../find-root.ts';
import { betaI } from './incomplete-beta.ts';
import { normalQuantile } from './normal.ts';

/**
 * P(T > `t`) for Student's t with `df` degrees of freedom.
 *
 * Claim: relative error under 1e-9.
 * Reference: Abramowitz & Stegun 26.7.1 (by the incomplete beta function).
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function studentSurvival(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const square = t * t;
  const point = { x: df / (df + square), complement: square / (df + square) };
  const tail = 0.5 * betaI(df / 2, 0.5, point);
  return t >= 0 ? tail : 1 - tail;
}

/**
 * The t with P(T <= t) = `p` for `df` degrees of freedom; infinite at 0 and 1, `NaN` outside.
 *
 * Claim: relative error under 1e-9 for p from 0.001 to 0.9999.
 * Reference: the root of `studentSurvival`, on a logarithmic scale so that far tails count as much as near ones.
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p < 0.5) return -studentQuantile(1 - p, df);
  if (p === 0.5) return 0;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const tail = 1 - p;
  let high = 2 * normalQuantile(p) + 1;
  while (studentSurvival(high, df) > tail) high *= 2;
  return findRoot((t) => Math.log(studentSurvival(t, df) / tail), { low: 0, high });
}
