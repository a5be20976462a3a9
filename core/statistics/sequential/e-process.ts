import {
  findSupport,
  fisherLogProbabilities,
  hypergeometricMoments,
  type TwoByTwo,
} from '../distributions/fisher-noncentral-hypergeometric.ts';
import { logSumExp } from '../distributions/log-sum-exp.ts';

/*
 * Evidence that a candidate fails more often than the stable version, which may be looked at after every poll.
 *
 * The problem. A test that is right once is wrong when it is repeated: looked at each minute, a z-test at 5% calls 44 to 98 of
 * 100 equal candidates worse (docs/decisions.md, row 1). A canary is looked at all the time, and must be: it stops the moment harm shows.
 *
 * The bet. Instead of a p-value we keep a capital. It starts at 1 and is put on "the candidate's odds of failing are r times the
 * stable version's". Each poll multiplies it by the likelihood ratio: how much likelier the poll's 2x2 table is at odds ratio r than at
 * odds ratio 1. While the versions are equal this is a fair game: whatever happened before, the factor's expectation is exactly 1. It
 * can be exactly 1, though nobody knows how often requests fail at this hour, because each table is judged given its totals (requests
 * of each version, failures of both together), and given those the base rate cancels. So swings of the base rate and any split of
 * traffic are harmless, as long as nothing is added up over polls or hosts before it is judged.
 *
 * Why it may be looked at any time. In a fair game no rule for when to stop makes a gain likely: the probability that a capital of 1
 * ever reaches 100 is at most 1 in 100 (Ville's inequality), and "ever" covers every moment at which one might have looked. So "roll
 * back when the capital reaches 1 / alpha" is wrong in at most a share alpha of rollouts of equal candidates. Such a capital is called
 * an e-process.
 *
 * What the grid is for. Nobody knows r beforehand, and a bet on the wrong r gains slowly or loses. So the capital is split over a grid
 * of odds ratios, each part playing its own r. A sum of fair games is a fair game, so the promise holds unchanged; and the part that
 * bet nearest to the truth soon carries the sum. The price is a factor: only that part's share of the capital was at work. The steps of
 * 0.1 in log odds (10%) are fine enough that no truth is far from a grid point, and 0.2 to 99 is all that a rollout meets; the half
 * below 1 serves the interval of the estimate, not the evidence of harm.
 *
 * Why weights fall with the odds ratio. A part with the share w of the capital starts ln(1 / w) behind. Gross harm makes that good at
 * once: where the candidate has a small share of traffic, one failed request of it multiplies the part of odds ratio r by nearly r, so a
 * weight of 1 / r costs gross harm about one failed request. Subtle harm gains a little per request and needs thousands of them, so
 * there every bit of starting capital counts. Weights of 1 / r give it to the small ratios.
 *
 * Why smaller odds ratios than the tolerance are covered. The same bets pay less the less the candidate fails, so their expectation is
 * at most 1 under every odds ratio up to the reference, not only at it.
 *
 * References: Ville, "Étude critique de la notion de collectif" (1939); Ramdas, Grünwald, Vovk & Shafer, "Game-theoretic statistics and
 * safe anytime-valid inference" (Statistical Science, 2023, arXiv 2210.01948), the place to start reading; Turner, Ly & Grünwald,
 * "Generic E-variables for exact sequential k-sample tests that allow for optional stopping" (arXiv 2106.02693), for 2x2 tables;
 * Lindon & Malek (NeurIPS 2022, arXiv 2011.03567), for canaries.
 */

const GRID_SIZE = 63;
const GRID_ZERO = 16;
const GRID_STEPS_PER_UNIT = 10;
const ROUNDING = 1e-9;

/** The log odds ratios that are bet on: -1.6, -1.5, ... 4.6 (odds ratios 0.2 to 99). */
export const LOG_ODDS_GRID: readonly number[] = Array.from(
  { length: GRID_SIZE },
  (_, index) => (index - GRID_ZERO) / GRID_STEPS_PER_UNIT,
);

const ODDS_GRID: readonly number[] = LOG_ODDS_GRID.map(Math.exp);

/** So many tables' gains are remembered: those of a quiet model are few and small, and come again and again. */
const MOST_REMEMBERED = 4_096;
const remembered = new Map<string, readonly number[]>();

/** The weights of bets on every point of the grid from `first` on, and the log of their sum: they fall with the odds ratio. */
const WEIGHTS_FROM: readonly { readonly weights: readonly number[]; readonly logSum: number }[] =
  LOG_ODDS_GRID.map((_, first) => {
    const weights = LOG_ODDS_GRID.slice(first).map((_point, index) => -index / GRID_STEPS_PER_UNIT);
    return { weights, logSum: logSumExp(weights) };
  });
const NO_WEIGHTS = { weights: [], logSum: Number.NEGATIVE_INFINITY } as const;

/**
 * Log-likelihood of everything seen so far at each log odds ratio of the grid: all that a rollout has to remember. JSON-serialisable.
 * The capital of a bet on grid point j against grid point i is exp(L[j] - L[i]).
 */
export type LogLikelihoods = readonly number[];

/** Before any data. */
export function startLogLikelihoods(): LogLikelihoods {
  return LOG_ODDS_GRID.map(() => 0);
}

/**
 * Multiplies one interval's 2×2 table in. A table that can come out only one way (an arm without requests, nothing bad, everything bad)
 * changes nothing. `eta` in (0, 1] tempers the likelihood where counts vary more than chance alone lets them.
 *
 * Claim: for two points of the grid, the ratio of their factors has expectation 1 under the second; with `eta` below 1 at most 1
 * (Jensen's inequality).
 * Assumes: what `fisherLogProbabilities` assumes of one interval; `eta` fixed before the interval.
 * Vector: test/core/statistics/sequential/e-process.test.ts sums the factor over every split of every small table.
 */
export function addTable(likelihoods: LogLikelihoods, table: TwoByTwo, eta = 1): LogLikelihoods {
  const { low, high } = findSupport(table);
  if (low >= high) return likelihoods;
  const gains = gainsOf(table);
  return likelihoods.map((sum, index) => sum + eta * (gains[index] ?? 0));
}

function gainsOf(table: TwoByTwo): readonly number[] {
  const { candidateTotal, candidateBad, stableTotal, stableBad } = table;
  const key = `${candidateTotal} ${candidateBad} ${stableTotal} ${stableBad}`;
  const known = remembered.get(key);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const gains = fisherLogProbabilities(table, ODDS_GRID);
  remembered.set(key, gains);
  return gains;
}

/** The likelihoods of requests of which `weight` count as one: all that was seen, raised to the power of the inverse. */
export function weighLikelihoods(likelihoods: LogLikelihoods, weight: number): LogLikelihoods {
  return weight === 1 ? likelihoods : likelihoods.map((sum) => sum / weight);
}

/**
 * Log of the evidence that the odds ratio exceeds `tolerance`: the capital of bets on all odds ratios of the grid above `above`, each
 * with a weight of its inverse. A limit between two points of the grid is taken at the upper one: more is tolerated, never less.
 *
 * Claim: while the odds ratio is at most the tolerance, the evidence ever reaches 1 / alpha with probability at most alpha.
 * Assumes: as `addTable`, poll after poll.
 * Reference: see the top of this file.
 * Vector: test/core/statistics/sequential/e-process.test.ts; false alarms by measure/simulate/rollout.ts, row 1 of docs/decisions.md.
 */
export function logEvidence(likelihoods: LogLikelihoods, tolerance = 1, above = tolerance): number {
  const reference = likelihoods[gridIndexOf(tolerance)] ?? Number.NaN;
  const first = Math.max(gridIndexOf(tolerance), gridIndexOf(above)) + 1;
  const { weights, logSum } = WEIGHTS_FROM[first] ?? NO_WEIGHTS;
  const terms = new Float64Array(weights.length);
  for (let index = 0; index < terms.length; index += 1) {
    terms[index] = (weights[index] ?? 0) + (likelihoods[first + index] ?? 0) - reference;
  }
  return logSumExp(terms) - logSum;
}

/** The most likely odds ratio of the grid, and the interval that holds the true one at `1 - alpha` at all times at once. */
type OddsRatioEstimate = { readonly estimate: number; readonly low: number; readonly high: number };

/**
 * See `OddsRatioEstimate`. An end that reaches the edge of the grid is open: 0 below, Infinity above.
 *
 * Claim: the interval leaves a true odds ratio of the grid out, at any time, with probability at most `alpha`: a point is left out
 * when equal bets on the whole grid have made 1 / alpha against it.
 * Assumes: as `addTable`; a truth between two points of the grid is covered to the width of a step.
 * Reference: Howard, Ramdas, McAuliffe & Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences" (Annals of
 * Statistics, 2021), for intervals that hold at all times.
 * Vector: test/core/statistics/sequential/e-process.test.ts.
 */
export function estimateOddsRatio(likelihoods: LogLikelihoods, alpha: number): OddsRatioEstimate {
  const mixture = logSumExp(likelihoods) - Math.log(GRID_SIZE);
  const inside = LOG_ODDS_GRID.filter(
    (_, index) => mixture - (likelihoods[index] ?? Number.NaN) < -Math.log(alpha),
  );
  const best = LOG_ODDS_GRID[likelihoods.indexOf(Math.max(...likelihoods))] ?? 0;
  return {
    estimate: Math.exp(best),
    low: openEnd(inside[0], LOG_ODDS_GRID[0], 0),
    high: openEnd(inside.at(-1), LOG_ODDS_GRID.at(-1), Number.POSITIVE_INFINITY),
  };
}

/**
 * Log of the evidence that a rate exceeds `limit`, after `bad` of `requests`: the same bets without anything to compare with, on rates
 * whose odds are the limit's times an odds ratio of the grid above 1.
 *
 * Claim: while the rate is at most `limit`, the evidence ever reaches 1 / alpha with probability at most alpha.
 * Assumes: requests fail independently of each other; `eta` as in `addTable`.
 * Reference: Robbins, "Statistical methods related to the law of the iterated logarithm" (Annals of Mathematical Statistics, 1970).
 * Vector: test/core/statistics/sequential/e-process.test.ts takes the expectation over all counts.
 */
export function logRateEvidence(
  { requests, bad }: { readonly requests: number; readonly bad: number },
  limit: number,
  eta = 1,
): number {
  const steps = LOG_ODDS_GRID.slice(GRID_ZERO + 1);
  const logLimitOdds = Math.log(limit) - Math.log1p(-limit);
  const terms = steps.map((step) => {
    const rate = 1 / (1 + Math.exp(-(logLimitOdds + step)));
    const logGood = Math.log1p(-rate) - Math.log1p(-limit);
    return -step + eta * (bad * (step + logGood) + (requests - bad) * logGood);
  });
  return logSumExp(terms) - logSumExp(steps.map((step) => -step));
}

/**
 * Dispersion of past intervals in which both arms were alike: the mean of (x - Ex)²/Var, at least 1. Its inverse is the `eta` of
 * `addTable`. 1 when no interval could have come out otherwise.
 *
 * Claim: near 1 when requests fail independently of each other, larger by as much as they come in clumps.
 * Assumes: the versions of those intervals were truly alike.
 * Reference: McCullagh & Nelder, "Generalized Linear Models" (2nd ed., 1989), section 4.5: the mean Pearson residual.
 * Vector: test/core/statistics/sequential/e-process.test.ts.
 */
export function learnDispersion(tables: readonly TwoByTwo[]): number {
  const ratios = tables.flatMap((table) => {
    const { mean, variance } = hypergeometricMoments(table);
    return variance > 0 ? [(table.candidateBad - mean) ** 2 / variance] : [];
  });
  if (ratios.length === 0) return 1;
  return Math.max(1, ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
}

/** The grid's first point that is not below an odds ratio; a hair above a point is rounding, not meaning. */
function gridIndexOf(oddsRatio: number): number {
  const steps = Math.ceil(Math.log(oddsRatio) * GRID_STEPS_PER_UNIT - ROUNDING);
  return Math.min(GRID_SIZE - 2, Math.max(0, GRID_ZERO + steps));
}

function openEnd(end: number | undefined, edge: number | undefined, open: number): number {
  return end === undefined || end === edge ? open : Math.exp(end);
}
