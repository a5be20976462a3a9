import { betaI } from './incomplete-beta.ts';

/**
 * P(X > `x`) for Fisher's F with `df1` and `df2` degrees of freedom (both > 0, need not be whole).
 *
 * Claim: relative error under 1e-9, under 1e-6 where the probability is below 1e-12.
 * Reference: Abramowitz & Stegun 26.6.2 (by the incomplete beta function).
 * Vector: measure/vectors/answers/distributions.json, by SciPy.
 */
export function fSurvival(x: number, df1: number, df2: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const scaled = df1 * x;
  return betaI(df2 / 2, df1 / 2, { x: df2 / (df2 + scaled), complement: scaled / (df2 + scaled) });
}
