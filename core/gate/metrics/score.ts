import type { Task } from '../../answers/contract.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Sample, Side } from '../predictions.ts';
import type { Metric, RowMetric, Undefined } from './metric.ts';
import { noScores, probability } from './probability.ts';
import {
  macroOverClasses,
  notRankable,
  preparedAuc,
  preparedAveragePrecision,
  unseenInAuc,
  unseenInAveragePrecision,
  weightedAuc,
} from './ranking.ts';

/** The smallest probability log loss looks at, so that one certain mistake does not make it infinite (scikit-learn's choice). */
const SMALLEST_PROBABILITY = 2.220446049250313e-16;
const CALIBRATION_BINS = 10;
const CLASSIFICATION: readonly Task[] = ['binary', 'multiclass'];

/** Metrics of the predicted probabilities. */
export const SCORE_METRICS: readonly Metric[] = [
  {
    name: 'log-loss',
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: CLASSIFICATION,
    whyUndefined: notProbabilities,
    rowValues: (sample, side) =>
      sample.labels.map((label, row) => -Math.log(clip(probability(side, label, row)))),
    unseenHarm: (_, { ofAll }) => -Math.log(SMALLEST_PROBABILITY) * ofAll,
  },
  {
    name: 'brier',
    method: 'rows',
    direction: 'lower',
    unit: 'number',
    tasks: CLASSIFICATION,
    whyUndefined: notProbabilities,
    rowValues: (sample, side) => sample.labels.map((_, row) => brierOf(sample, side, row)),
    unseenHarm: ({ sample }, { ofAll }) => (sample.task === 'binary' ? 1 : 2) * ofAll,
  },
  {
    name: 'roc-auc',
    method: 'auc',
    byAnswer: false,
    direction: 'higher',
    unit: 'number',
    tasks: CLASSIFICATION,
    whyUndefined: notRankable,
    prepare: (sample, side) => macroOverClasses(sample, side, preparedAuc),
    unseenHarm: unseenInAuc(() => 1),
  },
  {
    name: 'roc-auc-weighted',
    method: 'bootstrap',
    byAnswer: false,
    direction: 'higher',
    unit: 'number',
    tasks: ['multiclass'],
    whyUndefined: notRankable,
    prepare: weightedAuc,
    unseenHarm: unseenInAuc((rows) => rows),
  },
  {
    name: 'average-precision',
    method: 'bootstrap',
    byAnswer: false,
    direction: 'higher',
    unit: 'number',
    tasks: CLASSIFICATION,
    whyUndefined: notRankable,
    prepare: (sample, side) => macroOverClasses(sample, side, preparedAveragePrecision),
    unseenHarm: unseenInAveragePrecision,
  },
  topAccuracy(3),
  topAccuracy(5),
  {
    name: 'ece',
    method: 'bootstrap',
    byAnswer: false,
    direction: 'lower',
    unit: 'number',
    tasks: CLASSIFICATION,
    whyUndefined: notProbabilities,
    prepare: preparedCalibrationError,
    // A row that was right and sure adds nothing, or what its class had by chance; failing, it is wrong and sure.
    unseenHarm: ({ sample, champion }, { ofAll }) =>
      (2 - 1 / sample.classes.length) * ofAll + Math.SQRT2 * calibrationNoise(champion),
  },
];

/** The share of rows whose label is among the `k` classes with the largest scores; of equal scores the later class goes first, as in scikit-learn. */
function topAccuracy(k: number): RowMetric {
  return {
    name: `top-${k}-accuracy`,
    method: 'rows',
    direction: 'higher',
    unit: 'rate',
    tasks: ['multiclass'],
    whyUndefined: (_, side) => noScores(side),
    rowValues: ({ labels }, { scores }) =>
      labels.map((label, row) => {
        const own = scores[label]?.[row] ?? Number.NaN;
        const isBefore = (other: number, index: number): boolean =>
          other > own || (other === own && index > label);
        const before = scores.filter((column, index) => isBefore(column[row] ?? Number.NaN, index)).length;
        return before < k ? 1 : 0;
      }),
    unseenHarm: (_, { ofAll }) => ofAll,
  };
}

function brierOf(sample: Sample, side: Side, row: number): number {
  const label = sample.labels[row] ?? Number.NaN;
  if (sample.task === 'binary') return (probability(side, 1, row) - label) ** 2;
  let sum = 0;
  for (let index = 0; index < side.scores.length; index += 1) {
    sum += (probability(side, index, row) - (index === label ? 1 : 0)) ** 2;
  }
  return sum;
}

/**
 * The calibration error that a calibrated model with these confidences would show by chance alone. A good champion's error is made of it, and
 * a worse challenger's is not, which flatters the challenger; the draws, noise upon noise, do so by another part: at most the square root of 2 in
 * all.
 */
function calibrationNoise(side: Side): number {
  const variances = new Float64Array(CALIBRATION_BINS);
  for (const [row, predicted] of side.predictions.entries()) {
    const confidence = probability(side, predicted, row);
    const bin = binOf(confidence);
    variances[bin] = (variances[bin] ?? 0) + confidence * (1 - confidence);
  }
  const gaps = variances.reduce((sum, variance) => sum + Math.sqrt((2 / Math.PI) * variance), 0);
  return gaps / side.predictions.length;
}

function binOf(confidence: number): number {
  return Math.min(CALIBRATION_BINS - 1, Math.floor(confidence * CALIBRATION_BINS));
}

/** Expected calibration error of the predicted class over ten equal-width confidence bins (Guo et al. 2017). */
function preparedCalibrationError(sample: Sample, side: Side): WeightedStatistic {
  const confidence = Float64Array.from(side.predictions, (predicted, row) =>
    probability(side, predicted, row),
  );
  const right = Uint8Array.from(side.predictions, (predicted, row) =>
    predicted === sample.labels[row] ? 1 : 0,
  );
  const bins = Uint8Array.from(confidence, binOf);
  const gaps = new Float64Array(CALIBRATION_BINS);
  return (weights) => {
    gaps.fill(0);
    let total = 0;
    for (let row = 0; row < bins.length; row += 1) {
      const weight = weights[row] ?? 0;
      const bin = bins[row] ?? 0;
      gaps[bin] = (gaps[bin] ?? 0) + weight * ((right[row] ?? 0) - (confidence[row] ?? 0));
      total += weight;
    }
    return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / total;
  };
}

function notProbabilities(_sample: Sample, side: Side): Undefined | undefined {
  const missing = noScores(side);
  if (missing !== undefined) return missing;
  const outside = side.scores.some((column) => column.some((value) => value < 0 || value > 1));
  if (!outside) return undefined;
  return {
    code: 'not-probabilities',
    message: 'Some scores lie outside 0 to 1, so they are no probabilities.',
  };
}

function clip(value: number): number {
  return Math.min(1, Math.max(SMALLEST_PROBABILITY, value));
}
