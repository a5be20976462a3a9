import { normalCdf } from './normal.ts';

const REACH = 9;
const STEPS = 900;

/**
 * The expected largest minus smallest of `count` independent standard normals: 1.128 for 2, 2.534 for 6.
 *
 * Claim: relative error under 1e-9. The gate prints it as the gap that noise alone opens between equal groups.
 * Assumes: independent groups of about the same size whose rates are about normal.
 * Reference: Tippett, "On the extreme individuals and the range of samples" (Biometrika, 1925); the integral by the trapezoidal rule.
 * Vector: measure/vectors/answers/normal-range.json, by SciPy's studentised range.
 */
export function expectedNormalRange(count: number): number {
  const step = (2 * REACH) / STEPS;
  let sum = 0;
  for (let index = 1; index < STEPS; index += 1) {
    const below = normalCdf(-REACH + index * step);
    sum += 1 - below ** count - (1 - below) ** count;
  }
  return sum * step;
}
