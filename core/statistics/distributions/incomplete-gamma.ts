import { logGammaOfOneAnd } from './log-gamma.ts';
import { deviance, poissonDensity } from './saddle-point.ts';

const PRECISION = 1e-16;
const TINY = 1e-300;
/** Series and fraction need about 10 sqrt(a) terms near the mean, so this covers every `a` below `LARGE`. */
const MAX_TERMS = 200_000;
/** From here on the uniform expansion is exact to double precision with the terms below. */
const LARGE = 1e6;
/** Below it, Q is taken by a series of its own: P is nearly 1, and 1 - P would have no digits left. */
const SMALL = 0.25;

/** Coefficients of the uniform expansion by powers of eta: of c0, and of c1. */
const C0 = [-1 / 3, 1 / 12, -2 / 135, 1 / 864, 1 / 2835, -139 / 777_600] as const;
const C1 = [-1 / 540, -1 / 288, 1 / 378] as const;

/**
 * Regularised lower incomplete gamma function P(a, x), `a` > 0, `x` >= 0; `NaN` outside.
 *
 * Claim: relative error under 1e-9, under 1e-11 for a below 1e6.
 * Reference: DLMF 8.11.4 (series, left of the mean), 8.9.2 (continued fraction, right of it) and 8.12.4 (Temme's uniform expansion,
 * for large `a`).
 * Vector: measure/vectors/answers/gamma.json and edges.json, by mpmath.
 */
export function gammaP(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 0;
  if (a >= LARGE) return x < a ? uniformTail(a, x) : 1 - uniformTail(a, x);
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** Regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), exact also where it is tiny. Claim, reference and vector as for `gammaP`. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0) || !(x >= 0)) return Number.NaN;
  if (x === 0) return 1;
  if (a >= LARGE) return x < a ? 1 - uniformTail(a, x) : uniformTail(a, x);
  if (x >= a + 1) return upperFraction(a, x);
  return a < SMALL ? upperSeries(a, x) : 1 - lowerSeries(a, x);
}

/**
 * The half that lies beyond `x` as seen from `a`: P left of it, Q right of it. DLMF 8.12.3 and 8.12.4 with a eta^2 / 2 as a deviance. Where
 * the result is not zero, |eta| is under 0.04.
 */
function uniformTail(a: number, x: number): number {
  const half = deviance(a, x);
  if (!Number.isFinite(half)) return 0;
  const eta = Math.sign(x - a) * Math.sqrt((2 * half) / a);
  const correction = polynomial(C0, eta) + polynomial(C1, eta) / a;
  const rest = (Math.exp(-half) / Math.sqrt(2 * Math.PI * a)) * correction;
  return gammaQ(0.5, half) / 2 + (x < a ? -rest : rest);
}

function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0);
}

/** Q(a, x) for small `a` and `x` up to about 1: 1 - x^a / gamma(a+1) and the series DLMF 8.7.1 without its first term. */
function upperSeries(a: number, x: number): number {
  const first = Math.expm1(a * Math.log(x) - logGammaOfOneAnd(a));
  let term = 1;
  let sum = 0;
  for (let step = 1; step < MAX_TERMS && Math.abs(term) > PRECISION * Math.abs(sum); step += 1) {
    term *= -x / step;
    sum += term / (a + step);
  }
  return -first - (1 + first) * a * sum;
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
