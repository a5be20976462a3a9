import { gammaQ } from './incomplete-gamma.ts';
import { poissonDensity } from './saddle-point.ts';

const RELATIVE_PRECISION = 1e-17;
const SMALLEST_DENSITY = 1e-290;

/**
 * P(X > `x`) for chi-square with `df` degrees of freedom (`df` > 0, need not be whole).
 *
 * Claim: relative error under 1e-9, under 1e-6 where the probability is below 1e-12.
 * Reference: Abramowitz & Stegun 26.4.19 (by the incomplete gamma function).
 * Vector: measure/vectors/answers/distributions.json, by mpmath.
 */
export function chiSquareSurvival(x: number, df: number): number {
  return x <= 0 ? 1 : gammaQ(df / 2, x / 2);
}

/**
 * P(X > `x`) for the non-central chi-square with `df` degrees of freedom and non-centrality `lambda` >= 0: the Poisson(lambda/2)
 * mixture of central survivals with df + 2j degrees of freedom.
 *
 * Claim: relative error under 1e-9, under 1e-6 where the probability is below 1e-12.
 * Reference: Johnson, Kotz & Balakrishnan, "Continuous Univariate Distributions", vol. 2 (2nd ed., 1995), ch. 29.
 * Vector: measure/vectors/answers/distributions.json, by mpmath.
 */
export function noncentralChiSquareSurvival(x: number, df: number, lambda: number): number {
  if (!(df > 0) || !(lambda >= 0) || Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  if (lambda === 0) return chiSquareSurvival(x, df);
  const mean = lambda / 2;
  const half = x / 2;
  // Survival grows with j, so everything left of ten standard deviations is negligible whatever x is.
  let j = Math.max(0, Math.floor(mean - 10 * Math.sqrt(mean)));
  let weight = poissonDensity(j, mean);
  let survival = gammaQ(df / 2 + j, half);
  let density = poissonDensity(df / 2 + j, half);
  let sum = weight * survival;
  for (;;) {
    survival = Math.min(1, survival + density);
    j += 1;
    // From the last one, unless nothing was left of that: far from the mean it is less than a double can tell.
    density = density > SMALLEST_DENSITY ? (density * half) / (df / 2 + j) : poissonDensity(df / 2 + j, half);
    weight *= mean / j;
    sum += weight * survival;
    if (j > mean && weight / (1 - mean / (j + 1)) <= sum * RELATIVE_PRECISION) return Math.min(1, sum);
    if (weight === 0) return Math.min(1, sum);
  }
}
