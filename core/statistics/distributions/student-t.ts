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
 * Claim: relative error under 1e-9 for p from 1e-12 to 0.9999; of a small p nothing is lost by taking it from 1.
 * Reference: the root of `studentSurvival`, on a logarithmic scale so that far tails count as much as near ones.
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p === 0.5) return 0;
  return p < 0.5 ? -quantileOfTail(p, df) : quantileOfTail(1 - p, df);
}

/** The t that is exceeded with probability `tail`, below a half. */
function quantileOfTail(tail: number, df: number): number {
  if (tail === 0) return Number.POSITIVE_INFINITY;
  let high = 1 - 2 * normalQuantile(tail);
  while (studentSurvival(high, df) > tail) high *= 2;
  return findRoot((t) => Math.log(studentSurvival(t, df) / tail), { low: 0, high });
}
