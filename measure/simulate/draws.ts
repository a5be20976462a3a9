import { logFactorial } from '../../core/statistics/distributions/log-gamma.ts';
import { normalQuantile } from '../../core/statistics/distributions/normal.ts';
import { randomStream } from '../../core/statistics/random/random-stream.ts';

const BUFFER = 4096;
const TWO_TO_32 = 4294967296;
const INVERSION_BELOW = 10;

/** Repeatable random draws. */
export type Draws = {
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly binomial: (n: number, p: number) => number;
  readonly poisson: (mean: number) => number;
  /** How many of `n` fall into each cell; `shares` sum to 1. */
  readonly multinomial: (n: number, shares: readonly number[]) => number[];
};

/** Draws that depend on `seed` alone. */
export function makeDraws(seed: string): Draws {
  const stream = randomStream(seed);
  const words = new Uint32Array(BUFFER);
  let used = BUFFER;
  const uniform = (): number => {
    if (used === BUFFER) {
      stream.fill(words);
      used = 0;
    }
    const word = words[used] ?? 0;
    used += 1;
    return (word + 0.5) / TWO_TO_32;
  };
  const normal = (): number => normalQuantile(uniform());
  const binomial = (n: number, p: number): number => drawBinomial(uniform, n, p);
  return {
    uniform,
    normal,
    binomial,
    poisson: (mean) => drawPoisson(uniform, normal, mean),
    multinomial: (n, shares) => drawMultinomial(binomial, n, shares),
  };
}

function drawMultinomial(binomial: Draws['binomial'], n: number, shares: readonly number[]): number[] {
  let rows = n;
  let mass = 1;
  return shares.map((share, index) => {
    const isLast = index === shares.length - 1;
    const count = isLast ? rows : binomial(rows, Math.min(1, Math.max(0, share / mass)));
    rows -= count;
    mass -= share;
    return count;
  });
}

function drawBinomial(uniform: () => number, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - drawBinomial(uniform, n, 1 - p);
  return n * p < INVERSION_BELOW ? invertBinomial(uniform, n, p) : rejectBinomial(uniform, n, p);
}

function invertBinomial(uniform: () => number, n: number, p: number): number {
  const odds = p / (1 - p);
  let probability = (1 - p) ** n;
  let rest = uniform();
  let k = 0;
  while (rest > probability && k < n) {
    rest -= probability;
    k += 1;
    probability *= (odds * (n - k + 1)) / k;
  }
  return k;
}

/** Transformed rejection (Hörmann 1993, algorithm BTRS), exact for n p >= 10 and p <= 1/2. */
function rejectBinomial(uniform: () => number, n: number, p: number): number {
  const spread = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const c = n * p + 0.5;
  const vr = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * spread;
  const logOdds = Math.log(p / (1 - p));
  const mode = Math.floor((n + 1) * p);
  const h = logFactorial(mode) + logFactorial(n - mode);
  for (;;) {
    const u = uniform() - 0.5;
    const us = 0.5 - Math.abs(u);
    const v = uniform();
    const k = Math.floor(((2 * a) / us + b) * u + c);
    if (k < 0 || k > n) continue;
    if (us >= 0.07 && v <= vr) return k;
    const bound = Math.log((v * alpha) / (a / (us * us) + b));
    if (bound <= h - logFactorial(k) - logFactorial(n - k) + (k - mode) * logOdds) return k;
  }
}

const NORMAL_FROM = 500;

/** By inversion up to a mean of 500, where the normal approximation's error is far below what is measured. */
function drawPoisson(uniform: () => number, normal: () => number, mean: number): number {
  if (mean >= NORMAL_FROM) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  let probability = Math.exp(-mean);
  let rest = uniform();
  let k = 0;
  while (rest > probability && probability > 0) {
    rest -= probability;
    k += 1;
    probability *= mean / k;
  }
  return k;
}
