import { normalQuantile } from './distributions/normal.ts';

/** One-sided 5% and power 80%: the sum of the two normal quantiles, 2.49. */
const DETECTION = normalQuantile(0.95) + normalQuantile(0.8);

/** How exactly some rows tell two models apart: the standard error, and what harm of kinds that no row shows may add to it. */
type Precision = { readonly standardError: number; readonly unseen: number };

/**
 * The smallest margin that rows of this precision can settle four times in five, if there is no true difference.
 *
 * Claim: a non-inferiority test at one-sided 5% with this margin passes two equal models in 80% of holdouts.
 * Assumes: the difference is about normal and its standard error is known; it is the one seen, so this is a forecast.
 * Reference: Chow, Shao, Wang & Lokhnygina, "Sample Size Calculations in Clinical Research" (3rd ed., 2017), ch. 3.
 * Vector: test/core/statistics/properties.test.ts (the rows that a margin needs resolve it).
 */
export function resolvableMargin({ standardError, unseen }: Precision): number {
  return DETECTION * standardError + unseen;
}

/**
 * About how many rows like these a `margin` needs, given how exact `rows` of them are: the error shrinks with the root of the rows, what is
 * unseen with the rows themselves.
 */
export function rowsForMargin(rows: number, { standardError, unseen }: Precision, margin: number): number {
  const error = DETECTION * standardError;
  const root = (error + Math.sqrt(error * error + 4 * unseen * margin)) / (2 * margin);
  return Math.ceil(rows * root * root);
}
