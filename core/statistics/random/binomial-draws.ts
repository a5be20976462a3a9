import type { RandomStream } from './random-stream.ts';

/** Draws from Binomial(n, p) for any `n` up to a fixed size. */
export type BinomialDraws = (n: number, p: number) => number;

/**
 * Binomial draws by inversion from the mode outwards: about one standard deviation of steps each. Log-factorials up to `largest` are
 * tabulated once, so this is for many draws of the same size.
 *
 * Claim: exact draws, up to the 32 bits of the uniform number behind each.
 * Reference: Kemp, "A modal method for generating binomial variables" (Communications in Statistics, 1986).
 * Vector: test/core/statistics/binomial-draws.test.ts, by the distribution function of `binomialCdf`.
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
    return walkFromMode({ n, odds: p / (1 - p), mode, atMode }, random.uniform());
  };
}

/** Where a walk begins: the likeliest value of `n` trials with these odds, and its probability. */
type Mode = { readonly n: number; readonly odds: number; readonly mode: number; readonly atMode: number };

function walkFromMode({ n, odds, mode, atMode }: Mode, drawn: number): number {
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
