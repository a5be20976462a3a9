import { findRoot } from '../find-root.ts';
import { betaI } from './incomplete-beta.ts';
import { normalQuantile } from './normal.ts';

/** P(T > `t`) for Student's t with `df` degrees of freedom. */
export function studentSurvival(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  const square = t * t;
  const tail = 0.5 * betaI(df / 2, 0.5, df / (df + square), square / (df + square));
  return t >= 0 ? tail : 1 - tail;
}

/** The t with P(T <= t) = `p` for `df` degrees of freedom; infinite at 0 and 1, `NaN` outside. */
export function studentQuantile(p: number, df: number): number {
  if (!(p >= 0 && p <= 1) || !(df > 0)) return Number.NaN;
  if (p < 0.5) return -studentQuantile(1 - p, df);
  if (p === 0.5) return 0;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const tail = 1 - p;
  let high = 2 * normalQuantile(p) + 1;
  while (studentSurvival(high, df) > tail) high *= 2;
  return findRoot((t) => Math.log(studentSurvival(t, df) / tail), 0, high);
}
