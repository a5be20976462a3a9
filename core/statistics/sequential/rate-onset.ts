import { logSumExp } from '../distributions/log-sum-exp.ts';
import { LOG_ODDS_GRID } from './e-process.ts';

/** The odds ratios over the limit that are bet on, as logs, and the log of the sum of their weights, which are their inverses. */
const STEPS = LOG_ODDS_GRID.filter((step) => step > 0.05);
const LOG_ALL_WEIGHTS = logSumExp(STEPS.map((step) => -step));

/**
 * What has been bet on a rate that comes to exceed its limit at any poll: how many polls there were and, per odds ratio, the log of the
 * capital of all bets begun so far. JSON-serialisable.
 */
export type RateOnset = { readonly polls: number; readonly capital: readonly number[] };

/** Before any poll. */
export function startRateOnset(): RateOnset {
  return { polls: 0, capital: [] };
}

/**
 * One poll more. A bet with the share 1 / (k (k + 1)) of the capital begins at the k-th poll, so that what went well before takes nothing
 * from it: a rate that rises late is found as one that was high from the first, at the price of 2 ln k. `eta` in (0, 1] tempers the
 * poll. A limit of 1 can't be exceeded.
 *
 * Claim: while the rate is at most `limit`, `logOnsetEvidence` ever reaches ln(1 / alpha) with probability at most alpha.
 * Assumes: requests of a poll fail independently of each other, or vary by no more than `eta` makes up for; `eta` and `limit` fixed before.
 * Reference: Ramdas, Grünwald, Vovk & Shafer (Statistical Science, 2023, arXiv 2210.01948): a mixture of e-processes is one, and one
 * that stays at 1 until it begins, too.
 * Vector: test/core/statistics/sequential/rate-onset.test.ts takes the expectation over all counts of all polls.
 */
export function addRate(
  { polls, capital }: RateOnset,
  { requests, bad }: { readonly requests: number; readonly bad: number },
  { limit, eta }: { readonly limit: number; readonly eta: number },
): RateOnset {
  if (requests === 0 || limit >= 1) return { polls, capital };
  const next = polls + 1;
  const logBegun = -Math.log(next) - Math.log(next + 1);
  const logLimitOdds = Math.log(limit) - Math.log1p(-limit);
  return {
    polls: next,
    capital: STEPS.map((step, index) => {
      const rate = 1 / (1 + Math.exp(-(logLimitOdds + step)));
      const logGood = Math.log1p(-rate) - Math.log1p(-limit);
      const gain = eta * (bad * (step + logGood) + (requests - bad) * logGood);
      const before = capital[index];
      return gain + (before === undefined ? logBegun : logSumExp([before, logBegun]));
    }),
  };
}

/** Log of all capital: of the bets that have begun, and of what is kept for those to come. */
export function logOnsetEvidence({ polls, capital }: RateOnset): number {
  const begun = capital.map((log, index) => log - (STEPS[index] ?? 0) - LOG_ALL_WEIGHTS);
  return logSumExp([...begun, -Math.log(polls + 1)]);
}
