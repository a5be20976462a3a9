import { normalQuantile } from './distributions/normal.ts';

/** One-sided 5% and power 80%: the sum of the two normal quantiles, 2.49. */
const DETECTION = normalQuantile(0.95) + normalQuantile(0.8);

/**
 * The smallest margin a test with this standard error can settle four times in five, if there is no true difference.
 *
 * Claim: a non-inferiority test at one-sided 5% with this margin passes two equal models in 80% of holdouts.
 * Assumes: the difference is about normal and its standard error is known; it is the one seen, so this is a forecast.
 * Reference: Chow, Shao, Wang & Lokhnygina, "Sample Size Calculations in Clinical Research" (3rd ed., 2017), ch. 3.
 * Vector: test/core/statistics/properties.test.ts (the rows that a margin needs resolve it).
 */
export function resolvableMargin(standardError: number): number {
  return DETECTION * standardError;
}

/** About how many rows like these a `margin` needs, given what `rows` of them resolve: the error shrinks with the root of the rows. */
export function rowsForMargin(rows: number, standardError: number, margin: number): number {
  return Math.ceil(rows * (resolvableMargin(standardError) / margin) ** 2);
}
