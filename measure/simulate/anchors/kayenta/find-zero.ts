const MOST_STEPS = 1000;

type Point = { readonly x: number; readonly y: number };
type Bracket = { readonly low: number; readonly high: number; readonly tolerance: number };

/**
 * Where `f` is zero between `low` and `high`, step for step as R's `uniroot` and Kayenta look for it: what they answer on a staircase depends
 * on the way there, so `findRoot` would not do.
 *
 * Reference: Brent, Algorithms for Minimization without Derivatives (1973), chapter 4, procedure zero.
 */
export function findZero(f: (x: number) => number, { low, high, tolerance }: Bracket): number {
  let previous: Point = { x: low, y: f(low) };
  let best: Point = { x: high, y: f(high) };
  if (previous.y === 0) return low;
  // The zero lies between `best` and `opposite`.
  let opposite = previous;
  for (let step = 0; step <= MOST_STEPS; step += 1) {
    const lastStep = best.x - previous.x;
    if (Math.abs(opposite.y) < Math.abs(best.y)) {
      previous = best;
      best = opposite;
      opposite = previous;
    }
    const least = 2 * Number.EPSILON * Math.abs(best.x) + tolerance / 2;
    const half = (opposite.x - best.x) / 2;
    if (Math.abs(half) <= least || best.y === 0) return best.x;
    const mayInterpolate = Math.abs(lastStep) >= least && Math.abs(previous.y) > Math.abs(best.y);
    const wanted = (mayInterpolate && interpolate({ previous, best, opposite, lastStep, least })) || half;
    const x = best.x + (Math.abs(wanted) < least ? Math.sign(wanted) * least : wanted);
    previous = best;
    best = { x, y: f(x) };
    if (best.y !== 0 && Math.sign(best.y) === Math.sign(opposite.y)) opposite = previous;
  }
  return best.x;
}

type Search = {
  readonly previous: Point;
  readonly best: Point;
  readonly opposite: Point;
  readonly lastStep: number;
  readonly least: number;
};

/** The step by inverse interpolation, linear or quadratic; `undefined` when it is too long to be trusted. */
function interpolate({ previous, best, opposite, lastStep, least }: Search): number | undefined {
  const width = opposite.x - best.x;
  const ratio = best.y / previous.y;
  const [up, down] = previous.x === opposite.x ? [width * ratio, 1 - ratio] : quadratic();
  const [p, q] = up > 0 ? [up, -down] : [-up, down];
  const isShort = p < 0.75 * width * q - Math.abs(least * q) / 2 && p < Math.abs((lastStep * q) / 2);
  return isShort ? p / q : undefined;

  function quadratic(): [number, number] {
    const far = previous.y / opposite.y;
    const near = best.y / opposite.y;
    const numerator = ratio * (width * far * (far - near) - (best.x - previous.x) * (near - 1));
    return [numerator, (far - 1) * (near - 1) * (ratio - 1)];
  }
}
