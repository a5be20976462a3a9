import { poissonDensity } from './saddle-point.ts';

const PRECISION = 1e-16;
const TINY = 1e-300;
/** Both expansions need about 10 sqrt(a) terms near the mean; this covers a up to 1e8. */
const MAX_TERMS = 200_000;

/**
 * Regularised lower incomplete gamma function P(a, x), `a` > 0, `x` >= 0; `NaN` outside.
 *
 * Claim: relative error under 1e-9 for a up to 1e8; beyond that the expansions below stop too early.
 * Reference: DLMF 8.11.4 (series, left of the mean) and 8.9.2 (continued fraction, right of it).
 * Vector: measure/vectors/answers/gamma.json, by mpmath.
 */
export function gammaP(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 0;
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), exact also where it is tiny. Claim, reference and vector as for `gammaP`. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 1;
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** P(a, x) = x^a e^-x / gamma(a+1) * (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...), DLMF 8.11.4. */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let step = 1; step < MAX_TERMS && term > sum * PRECISION; step += 1) {
    term *= x / (a + step);
    sum += term;
  }
  return poissonDensity(a, x) * sum;
}

/** Q(a, x) by the continued fraction DLMF 8.9.2, evaluated by Lentz's method. */
function upperFraction(a: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let step = 1; step < MAX_TERMS; step += 1) {
    const numerator = -step * (step - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b);
    c = nonZero(b + numerator / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return poissonDensity(a, x) * a * fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
