import type { RandomStream } from './random-stream.ts';

/** Draws from Binomial(n, p) for any `n` up to a fixed size. */
export type BinomialDraws = (n: number, p: number) => number;

/**
 * Exact binomial draws by inversion from the mode outwards (Kemp, 1986): about one standard deviation of steps each. Log-factorials up
 * to `largest` are tabulated once, so this is for many draws of the same size.
 */
export function binomialDraws(largest: number, random: RandomStream): BinomialDraws {
  const logFactorials = new Float64Array(largest + 1);
  for (let n = 2; n <= largest; n += 1) logFactorials[n] = (logFactorials[n - 1] ?? 0) + Math.log(n);
  return (n, p) => {
    if (n === 0 || p <= 0) return 0;
    if (p >= 1) return n;
    const mode = Math.min(n, Math.floor((n + 1) * p));
    const ways = (logFactorials[n] ?? 0) - (logFactorials[mode] ?? 0) - (logFactorials[n - mode] ?? 0);
    const atMode = Math.exp(ways + mode * Math.log(p) + (n - mode) * Math.log1p(-p));
    return walkFromMode(n, p / (1 - p), mode, atMode, random.uniform());
  };
}

function walkFromMode(n: number, odds: number, mode: number, atMode: number, drawn: number): number {
  let left = drawn - atMode;
  let up = mode;
  let down = mode;
  let upwards = atMode;
  let downwards = atMode;
  while (left > 0) {
    upwards *= (odds * (n - up)) / (up + 1);
    up += 1;
    left -= upwards;
    if (left <= 0) return up;
    downwards *= down / (odds * (n - down + 1));
    down -= 1;
    left -= downwards;
    if (left <= 0) return down;
    // What rounding leaves of the last 1e-12 falls to the mode.
    if (upwards + downwards === 0) return mode;
  }
  return mode;
}
