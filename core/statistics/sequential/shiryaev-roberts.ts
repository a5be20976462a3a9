import { logSumExp } from '../distributions/log-sum-exp.ts';

const SMALLEST_P = 1e-300;
const LARGEST_P = 1 - 1e-12;
const LARGEST_LOG = Math.log(1e300);

/** Log of a Shiryaev-Roberts statistic before any data: S = 0. */
export const LOG_START = Number.NEGATIVE_INFINITY;

/**
 * Log of the e-value of a p-value: (1 - p + p ln p) / (p ln² p). NaN stays NaN.
 *
 * Claim: the e-value's expectation is at most 1 while the hypothesis holds; it is the mean of k p^(k-1) over all k in (0, 1).
 * Assumes: `p` is valid: at most u with probability at most u.
 * Reference: Vovk & Wang, "E-values: calibration, combination and applications" (Annals of Statistics, 2021, arXiv 1912.06116).
 * Vector: test/core/statistics/sequential/shiryaev-roberts.test.ts.
 */
export function logCalibrate(p: number): number {
  const clipped = Math.min(LARGEST_P, Math.max(SMALLEST_P, p));
  const log = Math.log(clipped);
  // Near 1 the numerator loses all its digits: its series in q = 1 - p is q²/2 + q³/6 + ...
  const q = 1 - clipped;
  const numerator =
    q < 1e-3 ? Math.log(q * q * (0.5 + q / 6 + (q * q) / 12)) : Math.log(1 - clipped + clipped * log);
  return numerator - log - 2 * Math.log(-log);
}

/**
 * One step of the Shiryaev-Roberts recursion S <- (S + 1) e, in logs and capped at 1e300. An `e` over several observations at once
 * counts as so many `steps`. Each step also begins the watch anew (the + 1), so that harm that starts late is found as soon as harm
 * that was there from the first: what an e-process, which never forgets its quiet past, can't do.
 *
 * Claim: alarming when S >= A gives a mean time between false alarms of at least A steps.
 * Assumes: the expectation of each `e`, given the past, is at most 1 while nothing has changed.
 * Reference: Shin, Ramdas & Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (New England Journal of
 * Statistics in Data Science, 2023); the recursion by Shiryaev (1963) and Roberts (1966).
 * Vector: test/core/statistics/sequential/shiryaev-roberts.test.ts; run lengths by measure/simulate/drift.ts.
 */
export function advanceShiryaevRoberts(logStatistic: number, logEvidence: number, steps = 1): number {
  const logSteps = Math.log(steps);
  const largest = Math.max(logSteps, logStatistic);
  const sum = largest + Math.log(Math.exp(logSteps - largest) + Math.exp(logStatistic - largest));
  return Math.min(LARGEST_LOG, sum + logEvidence);
}

/** Log of the mean of several detectors' statistics, which is a detector with the same guarantee. */
export function logMean(logStatistics: readonly number[]): number {
  return logSumExp(logStatistics) - Math.log(logStatistics.length);
}

const RATE_MULTIPLES = [1.5, 2, 4, 8, 16] as const;
const LARGEST_RATE = 0.98;

/** Log statistics of a detector for a rate rising above its limit: one per alternative rate. JSON-serialisable. */
export type RateDetector = readonly number[];

/**
 * A detector for a rate above `limit` in (0, 1), before any data: one Shiryaev-Roberts statistic for each of 1.5, 2, 4, 8 and 16 times
 * the limit, of which the mean decides.
 *
 * Claim: at threshold A, at least A batches between false alarms in the mean.
 * Assumes: requests fail independently of each other, at a rate of at most `limit` while nothing is wrong.
 * Reference: as for `advanceShiryaevRoberts`; the mean of detectors is a detector.
 * Vector: test/core/statistics/sequential/shiryaev-roberts.test.ts.
 */
export function startRateDetector(limit: number): RateDetector {
  return alternativeRates(limit).map(() => LOG_START);
}

/** Adds a batch of `bad` among `requests`; the statistic is `logMean` of the result. `limit` as at the start. */
export function addToRateDetector(
  detector: RateDetector,
  batch: { readonly requests: number; readonly bad: number },
  limit: number,
): RateDetector {
  const rates = alternativeRates(limit);
  return detector.map((logStatistic, index) => {
    const rate = rates[index] ?? limit;
    const gain = Math.log(rate / limit);
    const loss = Math.log1p(-rate) - Math.log1p(-limit);
    const evidence = batch.bad * gain + (batch.requests - batch.bad) * loss;
    return advanceShiryaevRoberts(logStatistic, evidence);
  });
}

function alternativeRates(limit: number): readonly number[] {
  const below = RATE_MULTIPLES.map((multiple) => multiple * limit).filter((rate) => rate < LARGEST_RATE);
  return below.length > 0 ? below : [(limit + 1) / 2];
}

const RESIDUAL_BETS = [0.05, 0.1, 0.2, 0.4] as const;

/** Log statistics of a detector for accuracy falling below what was promised: one per bet size. JSON-serialisable. */
export type ResidualDetector = readonly number[];

/** A residual detector before any label. */
export function startResidualDetector(): ResidualDetector {
  return RESIDUAL_BETS.map(() => LOG_START);
}

/** So many labels with the same residual: (1 if right, else 0) less the expected accuracy, in [-1, 1]. */
export type Residual = { readonly residual: number; readonly count: number };

/**
 * Adds a batch of labels; one without labels changes nothing. Each label is a bet of 0.05, 0.1, 0.2 or 0.4 of the capital against the
 * model's being right as often as promised, less the tolerance, in [0, 1].
 *
 * Claim: while the mean residual is at least minus the tolerance, at least A labels pass between false alarms at threshold A, in the mean.
 * Assumes: the promise (accuracy by confidence bin) is exact; what it may be wrong by belongs to the tolerance.
 * Reference: as for `advanceShiryaevRoberts`; betting on bounded means: Waudby-Smith & Ramdas (JRSS B, 2024, arXiv 2010.09686).
 * Vector: test/core/statistics/sequential/shiryaev-roberts.test.ts; labels needed by measure/simulate/accuracy.ts.
 */
export function addResiduals(
  detector: ResidualDetector,
  residuals: readonly Residual[],
  tolerance: number,
): ResidualDetector {
  const labels = residuals.reduce((sum, { count }) => sum + count, 0);
  if (labels === 0) return detector;
  return detector.map((logStatistic, index) => {
    const bet = RESIDUAL_BETS[index] ?? 0;
    const evidence = residuals.reduce(
      (sum, { residual, count }) => sum + count * Math.log1p(-bet * (residual + tolerance)),
      0,
    );
    return advanceShiryaevRoberts(logStatistic, evidence, labels);
  });
}
