import { normalQuantile } from './distributions/normal.ts';

/** One-sided 5% and power 80%: the sum of the two normal quantiles, 2.49. */
const DETECTION = normalQuantile(0.95) + normalQuantile(0.8);

/** The smallest margin a test with this standard error can settle four times in five, if there is no true difference. */
export function resolvableMargin(standardError: number): number {
  return DETECTION * standardError;
}

/** About how many rows like these a `margin` needs, given what `rows` of them resolve. */
export function rowsForMargin(rows: number, standardError: number, margin: number): number {
  return Math.ceil(rows * (resolvableMargin(standardError) / margin) ** 2);
}
