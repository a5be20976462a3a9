import { binomialDensity } from './saddle-point.ts';

const PRECISION = 1e-16;
const TINY = 1e-300;
const MAX_TERMS = 200_000;

/** A point of the unit interval with its distance from 1, where that is known better than a subtraction would give it. */
type UnitPoint = { readonly x: number; readonly complement: number };

/**
 * Regularised incomplete beta function I_x(a, b), `a`, `b` > 0, 0 <= x <= 1; `NaN` outside. The upper tail 1 - I_x(a, b) is
 * I_(1-x)(b, a).
 *
 * Claim: relative error under 1e-9 for a and b up to about 1e8.
 * Reference: DLMF 8.17.22, the continued fraction by Lentz's method.
 * Vector: measure/vectors/answers/beta.json, by mpmath and SciPy.
 */
export function betaI(a: number, b: number, { x, complement }: UnitPoint): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(complement >= 0)) return Number.NaN;
  if (x === 0) return 0;
  if (complement === 0) return 1;
  const front = (a * b * binomialDensity(a, a + b, { p: x, q: complement })) / (a + b);
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, complement)) / b;
}

/** The continued fraction DLMF 8.17.22, evaluated by Lentz's method; converges fast for x < (a+1)/(a+b+2). */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < MAX_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
