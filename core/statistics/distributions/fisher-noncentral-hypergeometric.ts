import { logFactorial, stirlingSeries } from './log-gamma.ts';

/** One 2×2 table: requests of each version in the same interval, and how many of them were bad. */
export type TwoByTwo = {
  readonly candidateTotal: number;
  readonly candidateBad: number;
  readonly stableTotal: number;
  readonly stableBad: number;
};

/** The values the candidate's bad requests can take once all totals are known. */
type Support = { readonly low: number; readonly high: number };

const NEGLIGIBLE = 1e-18;
const CACHED_FACTORIALS = 16_384;

const factorials = Float64Array.from({ length: CACHED_FACTORIALS }, (_, n) => logFactorial(n));

/** Which values `candidateBad` can take given the margins of the table. */
export function findSupport(table: TwoByTwo): Support {
  const bad = table.candidateBad + table.stableBad;
  return { low: Math.max(0, bad - table.stableTotal), high: Math.min(table.candidateTotal, bad) };
}

/**
 * Log-probability of the candidate's bad count given all margins of the table, at each odds ratio of bad requests. 0 where the margins
 * leave only one possibility.
 *
 * Claim: exact for any base rate and any traffic split, since both cancel once the margins are given; relative error of the
 * probability under 1e-9.
 * Assumes: requests of one interval fail independently of each other, with the same odds ratio between the versions.
 * Reference: Fisher, "The logic of inductive inference" (JRSS, 1935); the sum from the mode outwards follows Liao & Rosen (2001).
 * Vector: measure/vectors/answers/fisher-noncentral-by-r.json, by R's BiasedUrn, and edges.json, by mpmath, up to a hundred million
 * requests; test/core/statistics/sequential/e-process.test.ts holds SciPy's values and sums every small table to one.
 */
export function fisherLogProbabilities(table: TwoByTwo, oddsRatios: readonly number[]): readonly number[] {
  const { low, high } = findSupport(table);
  const observed = table.candidateBad;
  if (observed < low || observed > high) return oddsRatios.map(() => Number.NEGATIVE_INFINITY);
  if (low === high) return oddsRatios.map(() => 0);
  const steps = listSteps(table, low, high);
  const logObserved = isCached(table) ? logWeight(table, observed) : 0;
  return oddsRatios.map((oddsRatio) => {
    const mode = approximateMode(table, oddsRatio, low, high);
    const central = isCached(table)
      ? logObserved - logWeight(table, mode)
      : logWeightRatio(table, observed, mode);
    const tilted = central + Math.log(oddsRatio) * (observed - mode);
    return tilted - Math.log(sumAround(steps, oddsRatio, mode - low));
  });
}

/**
 * Mean and variance of the candidate's bad count when both versions are alike (the central hypergeometric).
 *
 * Claim: exact. Assumes: requests fail independently of each other.
 * Reference: Johnson, Kemp & Kotz, "Univariate Discrete Distributions" (3rd ed., 2005), ch. 6.
 * Vector: test/core/statistics/sequential/e-process.test.ts, by the sum over every split.
 */
export function hypergeometricMoments(table: TwoByTwo): { readonly mean: number; readonly variance: number } {
  const all = table.candidateTotal + table.stableTotal;
  const bad = table.candidateBad + table.stableBad;
  if (all === 0) return { mean: 0, variance: 0 };
  const share = table.candidateTotal / all;
  const mean = bad * share;
  const variance = all > 1 ? (mean * (1 - share) * (all - bad)) / (all - 1) : 0;
  return { mean, variance };
}

/** ln C(candidateTotal, y) + ln C(stableTotal, bad - y) up to a constant of the table. */
function logWeight(table: TwoByTwo, y: number): number {
  const rest = table.candidateBad + table.stableBad - y;
  return -(
    cachedLogFactorial(y) +
    cachedLogFactorial(table.candidateTotal - y) +
    cachedLogFactorial(rest) +
    cachedLogFactorial(table.stableTotal - rest)
  );
}

function isCached({ candidateTotal, stableTotal }: TwoByTwo): boolean {
  return Math.max(candidateTotal, stableTotal) < CACHED_FACTORIALS;
}

function cachedLogFactorial(n: number): number {
  return factorials[n] ?? logFactorial(n);
}

/** ln of the weight of y over that of `other`: of large tables, whose own logarithms differ by less than they round. */
function logWeightRatio(table: TwoByTwo, y: number, other: number): number {
  const bad = table.candidateBad + table.stableBad;
  const good = table.stableTotal - bad;
  return (
    logFactorialRatio(other, y) +
    logFactorialRatio(table.candidateTotal - other, table.candidateTotal - y) +
    logFactorialRatio(bad - other, bad - y) +
    logFactorialRatio(good + other, good + y)
  );
}

/** ln(n! / m!), by the difference of n and m where both are large. */
function logFactorialRatio(n: number, m: number): number {
  if (Math.min(n, m) < CACHED_FACTORIALS) return cachedLogFactorial(n) - cachedLogFactorial(m);
  const [a, b] = [n + 1, m + 1];
  const difference = n - m;
  const powers = (b - 0.5) * Math.log1p(difference / b) + difference * (Math.log(a) - 1);
  return powers + stirlingSeries(a) - stirlingSeries(b);
}

/** The largest y whose weight is not below its predecessor's: the root of a quadratic, kept inside the support. */
function approximateMode(table: TwoByTwo, oddsRatio: number, low: number, high: number): number {
  const bad = table.candidateBad + table.stableBad;
  const a = oddsRatio - 1;
  const b = (table.candidateTotal + bad + 2) * oddsRatio + table.stableTotal - bad;
  const c = oddsRatio * (table.candidateTotal + 1) * (bad + 1);
  const root = (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * a * c)));
  return Math.min(high, Math.max(low, Math.floor(root)));
}

/** How much the central weight grows from each value of the support to the next, and the inverse. */
type Steps = { readonly up: Float64Array; readonly down: Float64Array };

function listSteps(
  { candidateTotal, candidateBad, stableTotal, stableBad }: TwoByTwo,
  low: number,
  high: number,
): Steps {
  const bad = candidateBad + stableBad;
  const good = stableTotal - bad;
  const up = new Float64Array(high - low);
  const down = new Float64Array(high - low);
  for (let step = 0; step < up.length; step += 1) {
    const y = low + step;
    const grown = (candidateTotal - y) * (bad - y);
    const shrunk = (y + 1) * (good + y + 1);
    up[step] = grown / shrunk;
    down[step] = shrunk / grown;
  }
  return { up, down };
}

/** Sum of all weights relative to the mode's, walking outwards until terms no longer count (about 9 sd). */
function sumAround({ up, down }: Steps, oddsRatio: number, mode: number): number {
  let sum = 1;
  let term = 1;
  for (let step = mode; step < up.length; step += 1) {
    const ratio = oddsRatio * (up[step] ?? 0);
    term *= ratio;
    sum += term;
    if (ratio < 1 && term < NEGLIGIBLE * sum) break;
  }
  const inverse = 1 / oddsRatio;
  term = 1;
  for (let step = mode - 1; step >= 0; step -= 1) {
    const ratio = inverse * (down[step] ?? 0);
    term *= ratio;
    sum += term;
    if (ratio < 1 && term < NEGLIGIBLE * sum) break;
  }
  return sum;
}
