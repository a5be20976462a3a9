const MAX_STEPS = 200;

/**
 * A root of a monotone `f` in [`low`, `high`] by bisection with secant steps (the Illinois rule); assumes the ends have opposite signs
 * and gives the nearer end when they have not. `tolerance` is absolute in x; `NaN` when an end is `NaN`.
 */
export function findRoot(f: (x: number) => number, low: number, high: number, tolerance = 0): number {
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
