const MAX_STEPS = 200;

/** Where to look for a root. `tolerance` is absolute in x; without it the root is as exact as a double can be. */
type Bracket = { readonly low: number; readonly high: number; readonly tolerance?: number };

/**
 * A root of `f` between `low` and `high`, by secant steps (the Illinois rule) and bisection; the nearer end when the ends have the same
 * sign, `NaN` when an end is `NaN`.
 *
 * Claim: for a continuous `f` with a change of sign, a point within `tolerance` of a root, in at most 200 evaluations.
 * Assumes: `f` is monotone between the ends.
 * Reference: Dowell & Jarratt, "A modified regula falsi method" (BIT, 1971).
 * Vector: test/core/statistics/properties.test.ts.
 */
export function findRoot(f: (x: number) => number, { low, high, tolerance = 0 }: Bracket): number {
  let a = low;
  let b = high;
  let fa = f(a);
  let fb = f(b);
  if (Number.isNaN(fa) || Number.isNaN(fb)) return Number.NaN;
  if (Math.sign(fa) === Math.sign(fb)) return Math.abs(fa) <= Math.abs(fb) ? a : b;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const secant = (a * fb - b * fa) / (fb - fa);
    const inside = secant > Math.min(a, b) && secant < Math.max(a, b);
    // Every third step halves the bracket, so that a flat side can never stall the search.
    const x = inside && step % 3 !== 2 ? secant : a + (b - a) / 2;
    const fx = f(x);
    if (fx === 0 || x === a || x === b || Math.abs(b - a) <= tolerance) return x;
    if (Math.sign(fx) === Math.sign(fb)) {
      b = x;
      fb = fx;
      fa /= 2;
    } else {
      a = b;
      fa = fb;
      b = x;
      fb = fx;
    }
  }
  return b;
}
