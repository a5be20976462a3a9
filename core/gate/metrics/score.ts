import type { Task } from '../../answers/contract.ts';
import type { Sample, Side } from '../predictions.ts';
import { calibrationInterval, calibrationNoise, preparedCalibrationError } from './calibration.ts';
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
    weigh: evenly,
    prepare: (sample, side) => macroOverClasses(sample, side, preparedAuc),
    unseenHarm: unseenInAuc(evenly),
  },
  {
    name: 'roc-auc-weighted',
    method: 'auc',
    byAnswer: false,
    direction: 'higher',
    unit: 'number',
    tasks: ['multiclass'],
    whyUndefined: notRankable,
    weigh: byRows,
    prepare: weightedAuc,
    unseenHarm: unseenInAuc(byRows),
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
    ownInterval: calibrationInterval,
    // A row that was right and sure adds nothing, or what its class had by chance; failing, it is wrong and sure.
    unseenHarm: ({ sample, champion }, { ofAll }) =>
      (2 - 1 / sample.classes.length) * ofAll + Math.SQRT2 * calibrationNoise(champion),
  },
];

function evenly(): number {
  return 1;
}

function byRows(rows: number): number {
  return rows;
}

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
