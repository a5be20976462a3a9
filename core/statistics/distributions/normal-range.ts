import { normalCdf } from './normal.ts';

const REACH = 9;
const STEPS = 900;

/** The expected largest minus smallest of `count` independent standard normals: 1.128 for 2, 2.534 for 6 (Tippett, 1925). */
export function expectedNormalRange(count: number): number {
  const step = (2 * REACH) / STEPS;
  let sum = 0;
  for (let index = 1; index < STEPS; index += 1) {
    const below = normalCdf(-REACH + index * step);
    sum += 1 - below ** count - (1 - below) ** count;
  }
  return sum * step;
}
