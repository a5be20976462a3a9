import {
  findSupport,
  fisherLogProbabilities,
  hypergeometricMoments,
  type TwoByTwo,
} from '../distributions/fisher-noncentral-hypergeometric.ts';
import { logSumExp } from '../distributions/log-sum-exp.ts';

const GRID_SIZE = 63;
const GRID_ZERO = 16;
const GRID_STEPS_PER_UNIT = 10;

/** The log odds ratios that are weighed against each other: -1.6, -1.5, ... 4.6 (odds ratios 0.2 to 99). */
export const LOG_ODDS_GRID: readonly number[] = Array.from(
  { length: GRID_SIZE },
  (_, index) => (index - GRID_ZERO) / GRID_STEPS_PER_UNIT,
);

const ODDS_GRID: readonly number[] = LOG_ODDS_GRID.map(Math.exp);

/** Log-likelihood of everything seen so far at each log odds ratio of the grid; JSON-serialisable. */
export type LogLikelihoods = readonly number[];

/** Before any data. */
export function startLogLikelihoods(): LogLikelihoods {
  return LOG_ODDS_GRID.map(() => 0);
}

/**
 * Multiplies one interval's 2×2 table in. `eta` in (0, 1] tempers the likelihood for over-dispersed counts.
 * A table that can come out only one way (an arm without requests, nothing bad, everything bad) changes nothing.
 */
export function addTable(likelihoods: LogLikelihoods, table: TwoByTwo, eta = 1): LogLikelihoods {
  const { low, high } = findSupport(table);
  if (low >= high) return likelihoods;
  const gains = fisherLogProbabilities(table, ODDS_GRID);
  return likelihoods.map((sum, index) => sum + eta * (gains[index] ?? 0));
}

/**
 * Log of the evidence that the odds ratio exceeds `tolerance`: a mixture of likelihood ratios over all odds ratios above
 * `above`, weighted by their inverse. Under any odds ratio up to `tolerance` its expectation is at most 1 at any time one
 * chooses to look.
 */
export function logEvidence(likelihoods: LogLikelihoods, tolerance = 1, above = tolerance): number {
  const reference = likelihoods[gridIndexOf(tolerance)] ?? Number.NaN;
  const first = Math.max(gridIndexOf(tolerance), gridIndexOf(above)) + 1;
  const weights = LOG_ODDS_GRID.slice(first).map((_, index) => -index / GRID_STEPS_PER_UNIT);
  const terms = weights.map((weight, index) => weight + (likelihoods[first + index] ?? 0) - reference);
  return logSumExp(terms) - logSumExp(weights);
}

/** The most likely odds ratio of the grid, and the interval that holds the true one at `1 - alpha` at all times at once. */
export type OddsRatioEstimate = { readonly estimate: number; readonly low: number; readonly high: number };

/** See `OddsRatioEstimate`. An end that reaches the edge of the grid is open: 0 below, Infinity above. */
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
 * Log of the evidence that a rate exceeds `limit`, after `bad` of `requests`: a mixture over the odds ratios of the
 * grid above 1, applied to the limit's odds. Valid at any time, against any smaller rate.
 */
export function logRateEvidence(requests: number, bad: number, limit: number, eta = 1): number {
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
 * Dispersion of past intervals in which both arms were alike: the mean of (x - Ex)²/Var, at least 1. Its inverse is the
 * `eta` of `addTable`. 1 when no interval could have come out otherwise.
 */
export function learnDispersion(tables: readonly TwoByTwo[]): number {
  const ratios = tables.flatMap((table) => {
    const { mean, variance } = hypergeometricMoments(table);
    return variance > 0 ? [(table.candidateBad - mean) ** 2 / variance] : [];
  });
  if (ratios.length === 0) return 1;
  return Math.max(1, ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length);
}

function gridIndexOf(oddsRatio: number): number {
  const steps = Math.round(Math.log(oddsRatio) * GRID_STEPS_PER_UNIT);
  return Math.min(GRID_SIZE - 2, Math.max(0, GRID_ZERO + steps));
}

function openEnd(end: number | undefined, edge: number | undefined, open: number): number {
  return end === undefined || end === edge ? open : Math.exp(end);
}
