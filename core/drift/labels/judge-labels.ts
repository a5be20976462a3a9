import { compareInstants, isBefore, isInstant, secondsBetween } from '../../instant.ts';
import { formatLongDay } from '../../report/format-day.ts';
import { formatCount, formatPercent } from '../../report/format-number.ts';
import { normalQuantile } from '../../statistics/distributions/normal.ts';
import { sumOf } from '../../statistics/sum-of.ts';
import type { Interval, Reason, Verdict } from '../../verdict.ts';
import type { ConfidenceBins } from '../profile.ts';
import { findLabelAlarm } from './find-alarm.ts';

/** The code of answers that are right less often than promised. */
export const LABELS_WORSE = 'labels-worse-than-promised';
const LEVEL = 0.95;
const MIN_LABELS = 30;
const LOW_COVERAGE = 0.5;
/** A model may be right so much less often than promised, or by as much as the promise may be too high where that is more. */
const TOLERANCE = 0.01;
/** Standard errors by which one reference in forty promises too much. */
const ALLOWED_ERRORS = normalQuantile(0.975);
/** Labels between two false alarms in the mean, however seldom they come. */
const FEWEST_BETWEEN_ALARMS = 1_000;

/** Predictions of one stretch of time by confidence bin, how many have a label by now, and how many of those were right. */
export type LabelCohort = {
  readonly from: string;
  readonly to: string;
  readonly predicted: readonly number[];
  readonly labelled: readonly number[];
  readonly correct: readonly number[];
};

export type LabelOptions = {
  readonly now: string;
  /** Age at which a prediction should have its label: younger cohorts are not judged. With 0 also the one that is not over is, as it is so far. */
  readonly maturitySeconds: number;
  /** Mean time between false alarms, while labels come as often as they have come, in s. */
  readonly falseAlarmSeconds: number;
  /** What is promised, in words; that answers are right, unless told. */
  readonly subject?: string | undefined;
};

/** What labels that came later say of the model. `fail` when answers are right less often than promised. */
export type LabelJudgement = {
  readonly verdict: Verdict;
  readonly labels: number;
  /** Share of mature predictions that have a label. */
  readonly coverage: number;
  /** Accuracy by label, each confidence bin weighted by its predictions, and what the reference promised for the same ones. */
  readonly accuracy?: number;
  readonly interval?: Interval;
  readonly expected?: number;
  readonly alarmSince?: string;
  readonly reasons: readonly Reason[];
};

/**
 * Follows the residuals (right or not, less the accuracy promised by the confidence bin) of mature cohorts in time order with a
 * restartable detector: its alarm means that the relation of input and label has changed. Cohorts of other bins are ignored.
 *
 * Claim: at least `falseAlarmSeconds` between false alarms in the mean, and 1,000 labels, while the model is right as often as promised,
 * or at most one point less, or at most so much less as one reference in forty promises too much: it is itself a sample.
 * Assumes: as `addResiduals`; labels that come are like those that do not, within a confidence bin, and come as often as they have come.
 * Reference: see `addResiduals`. The interval of the accuracy is a stratified Wald interval with one success and one failure added, and so
 * is the error of the promise.
 * Vector: test/core/drift/accuracy.test.ts; measure/simulate/accuracy.ts, rows 12 and 26 of docs/decisions.md.
 */
export function judgeLabels(
  bins: ConfidenceBins,
  cohorts: readonly LabelCohort[],
  options: LabelOptions,
): LabelJudgement {
  const mature = cohorts
    .filter((cohort) => isMature(cohort, options) && fits(cohort, bins))
    .toSorted((a, b) => compareInstants(a.from, b.from));
  const predicted = sumBins(mature, 'predicted', bins.total.length);
  const labelled = sumBins(mature, 'labelled', bins.total.length);
  const correct = sumBins(mature, 'correct', bins.total.length);
  const labels = sumOf(labelled);
  const coverage = sumOf(predicted) === 0 ? 0 : labels / sumOf(predicted);
  if (labels < MIN_LABELS) return tooFewLabels(labels, coverage);
  const accuracy = weighAccuracy(predicted, labelled, correct);
  const expected = expectAccuracy(predicted, labelled, bins);
  const allowed = {
    tolerance: Math.max(TOLERANCE, ALLOWED_ERRORS * promiseError(labelled, bins)),
    averageRunLength: labelsIn(options.falseAlarmSeconds, mature, labels),
    now: options.now,
  };
  const alarmSince = findLabelAlarm(bins, mature, allowed);
  const shown = { labels, coverage, accuracy: accuracy.value, interval: accuracy.interval, expected };
  return {
    ...shown,
    verdict: alarmSince === undefined ? 'pass' : 'fail',
    ...(alarmSince !== undefined && { alarmSince }),
    reasons: [
      describeLabels(shown, { alarmSince, bins, subject: options.subject }),
      ...describeCoverage(coverage, labels),
    ],
  };
}

/** Standard error of the accuracy that the reference promises for labels of these bins. */
function promiseError(labelled: readonly number[], { total, correct }: ConfidenceBins): number {
  const labels = sumOf(labelled);
  const variance = labelled.reduce((sum, count, bin) => {
    const [rows, right] = [total[bin] ?? 0, correct[bin] ?? 0];
    if (rows === 0) return sum;
    const smoothed = (right + 1) / (rows + 2);
    return sum + ((count / labels) ** 2 * smoothed * (1 - smoothed)) / rows;
  }, 0);
  return Math.sqrt(variance);
}

/** How many labels come in so many seconds. */
function labelsIn(seconds: number, cohorts: readonly LabelCohort[], labels: number): number {
  const [first, last] = [cohorts[0], cohorts.at(-1)];
  const span = first === undefined || last === undefined ? 0 : secondsBetween(first.from, last.to);
  return Math.max(FEWEST_BETWEEN_ALARMS, span > 0 ? (labels * seconds) / span : 0);
}

/** Accuracy by label with each bin weighted by its predictions, since not all bins get labels equally often. */
function weighAccuracy(
  predicted: readonly number[],
  labelled: readonly number[],
  correct: readonly number[],
): { readonly value: number; readonly interval: Interval } {
  const shares = shareOfPredictions(predicted, labelled);
  let value = 0;
  let variance = 0;
  for (const [bin, share] of shares.entries()) {
    const labels = labelled[bin] ?? 0;
    if (labels === 0) continue;
    const right = (correct[bin] ?? 0) / labels;
    const smoothed = ((correct[bin] ?? 0) + 1) / (labels + 2);
    value += share * right;
    variance += (share ** 2 * smoothed * (1 - smoothed)) / labels;
  }
  const halfWidth = normalQuantile((1 + LEVEL) / 2) * Math.sqrt(variance);
  return {
    value,
    interval: { low: Math.max(0, value - halfWidth), high: Math.min(1, value + halfWidth), level: LEVEL },
  };
}

function expectAccuracy(
  predicted: readonly number[],
  labelled: readonly number[],
  bins: ConfidenceBins,
): number {
  return shareOfPredictions(predicted, labelled).reduce((sum, share, bin) => {
    const total = bins.total[bin] ?? 0;
    return total === 0 ? sum : sum + (share * (bins.correct[bin] ?? 0)) / total;
  }, 0);
}

/** Share of predictions per bin, among the bins that have labels. */
function shareOfPredictions(predicted: readonly number[], labelled: readonly number[]): readonly number[] {
  const seen = predicted.map((count, bin) => ((labelled[bin] ?? 0) > 0 ? count : 0));
  const total = sumOf(seen);
  return seen.map((count) => (total === 0 ? 0 : count / total));
}

/** Whether most labels of a cohort should have come. One that is not over counts as ending now: labels that are due at once are due in it. */
export function isMature(
  { to, from }: Pick<LabelCohort, 'from' | 'to'>,
  { now, maturitySeconds }: Pick<LabelOptions, 'now' | 'maturitySeconds'>,
): boolean {
  if (!isInstant(from) || !isInstant(to) || isBefore(now, from)) return false;
  return Math.max(0, secondsBetween(to, now)) >= maturitySeconds;
}

function fits({ predicted, labelled, correct }: LabelCohort, { total }: ConfidenceBins): boolean {
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;
  return (
    [predicted, labelled, correct].every(
      (counts) => counts.length === total.length && counts.every(isCount),
    ) && labelled.every((count, bin) => count <= (predicted[bin] ?? 0) && (correct[bin] ?? 0) <= count)
  );
}

function describeLabels(
  shown: {
    readonly labels: number;
    readonly coverage: number;
    readonly accuracy: number;
    readonly interval: Interval;
    readonly expected: number;
  },
  {
    alarmSince,
    bins,
    subject = 'Accuracy by label',
  }: {
    readonly alarmSince: string | undefined;
    readonly bins: ConfidenceBins;
    readonly subject: string | undefined;
  },
): Reason {
  const promise = bins.total.length > 1 ? 'confidence promised' : 'the holdout promised';
  const { labels, coverage, accuracy, interval, expected } = shown;
  const end =
    alarmSince === undefined ? '.' : `; it has been lower than promised since ${formatLongDay(alarmSince)}.`;
  return {
    code: alarmSince === undefined ? 'labels-as-promised' : LABELS_WORSE,
    metric: 'accuracy',
    message:
      `${subject} is ${formatPercent(accuracy)} [${formatPercent(interval.low)}, ${formatPercent(interval.high)}] ` +
      `over ${formatCount(labels)} labels (${formatPercent(coverage)} of mature predictions); ${promise} ` +
      `${formatPercent(expected)}${end}`,
    observed: accuracy,
    limit: expected,
    sampleSize: labels,
    interval,
  };
}

function describeCoverage(coverage: number, labels: number): readonly Reason[] {
  if (coverage >= LOW_COVERAGE) return [];
  return [
    {
      code: 'low-coverage',
      metric: 'coverage',
      message: `Only ${formatPercent(coverage)} of mature predictions have a label: those without may differ.`,
      observed: coverage,
      limit: LOW_COVERAGE,
      sampleSize: labels,
    },
  ];
}

function tooFewLabels(labels: number, coverage: number): LabelJudgement {
  const message = `Only ${formatCount(labels)} mature predictions have a label; ${MIN_LABELS} are needed.`;
  const reason = { code: 'too-few-labels', metric: 'labels', message, observed: labels, limit: MIN_LABELS };
  return { verdict: 'inconclusive', labels, coverage, reasons: [{ ...reason, sampleSize: labels }] };
}

function sumBins(
  cohorts: readonly LabelCohort[],
  key: 'predicted' | 'labelled' | 'correct',
  bins: number,
): readonly number[] {
  return Array.from({ length: bins }, (_, bin) =>
    cohorts.reduce((total, cohort) => total + (cohort[key][bin] ?? 0), 0),
  );
}
