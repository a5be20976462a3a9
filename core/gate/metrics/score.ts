import type { Task } from '../../answers/contract.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Pair, Sample, Side } from '../predictions.ts';
import type { Metric, RowMetric, Undefined, UnseenShares } from './metric.ts';

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

/** The probability a model gives class `index`; a binary model may give only that of the positive class. */
export function probability(side: Side, index: number, row: number): number {
  if (side.scores.length !== 1) return side.scores[index]?.[row] ?? Number.NaN;
  const positive = side.scores[0]?.[row] ?? Number.NaN;
  return index === 1 ? positive : 1 - positive;
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

type PreparedRanking = (positive: Uint8Array, scores: Float64Array) => WeightedStatistic;

/** The positive class against the other, or the mean over every class against the rest. */
function macroOverClasses(sample: Sample, side: Side, prepare: PreparedRanking): WeightedStatistic {
  const present = rankedClasses(sample);
  const parts = present.map((index) =>
    prepare(
      Uint8Array.from(sample.labels, (label) => (label === index ? 1 : 0)),
      Float64Array.from(sample.labels, (_, row) => probability(side, index, row)),
    ),
  );
  return (weights) => parts.reduce((sum, part) => sum + part(weights), 0) / parts.length;
}

/** The classes that are ranked against the rest: the positive one, or every one that has rows. */
function rankedClasses({ task, classes, labels }: Sample): number[] {
  const all = task === 'binary' ? [1] : classes.map((_, index) => index);
  return all.filter((index) => labels.includes(index));
}

/** Rows of each class. */
function sizesOf({ classes, labels }: Sample): Float64Array {
  const sizes = new Float64Array(classes.length);
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

/**
 * A failing share of one class takes as much from the area of that class, and its part of the other rows from each other area. `weigh` says how
 * much an area counts in the mean, by the rows of its class.
 */
function unseenInAuc(weigh: (rows: number) => number) {
  return ({ sample }: Pair, { ofLabel }: UnseenShares): number => {
    const ranked = rankedClasses(sample);
    const sizes = sizesOf(sample);
    const weightOf = (of: number): number => weigh(sizes[of] ?? 0);
    const all = ranked.reduce((sum, of) => sum + weightOf(of), 0);
    const failing = [...sizes.keys()].filter((index) => (sizes[index] ?? 0) > 0);
    const harms = failing.map((index) => {
      const share = ofLabel(index);
      const amongOthers = (of: number): number =>
        Math.min(1, (share * (sizes[index] ?? 0)) / (sample.labels.length - (sizes[of] ?? 0)));
      const harmOf = (of: number): number => (of === index ? share : amongOthers(of));
      return ranked.reduce((sum, of) => sum + weightOf(of) * harmOf(of), 0) / all;
    });
    return Math.max(...harms);
  };
}

/**
 * The harm is largest where rows of another class come to rank above all of the class: so few as m of them take (m/n) ln(1 + n/m) from the
 * precision over n rows. A failing share of the class itself takes no more than that.
 */
function unseenInAveragePrecision({ sample }: Pair, { ofLabel }: UnseenShares): number {
  const sizes = sizesOf(sample);
  const most = Math.max(...[...sizes].map((size, index) => (size === 0 ? 0 : size * ofLabel(index))));
  const ranked = rankedClasses(sample);
  const harms = ranked.map((index) => {
    const ratio = most / (sizes[index] ?? 1);
    return Math.min(1, ratio * Math.log1p(1 / ratio));
  });
  return Math.max(...ranked.map(ofLabel), harms.reduce((sum, harm) => sum + harm, 0) / harms.length);
}

/** The mean over every class against the rest by its rows, as MLflow takes it. */
function weightedAuc(sample: Sample, side: Side): WeightedStatistic {
  const parts = rankedClasses(sample).map((index) => {
    const ofClass = Uint8Array.from(sample.labels, (label) => (label === index ? 1 : 0));
    const scores = Float64Array.from(sample.labels, (_, row) => probability(side, index, row));
    return { ofClass, area: preparedAuc(ofClass, scores) };
  });
  return (weights) => {
    let [sum, rows] = [0, 0];
    for (const { ofClass, area } of parts) {
      const size = weights.reduce((total, times, row) => total + times * (ofClass[row] ?? 0), 0);
      sum += size * area(weights);
      rows += size;
    }
    return sum / rows;
  };
}

/** Rows in order of falling score, and where each run of equal scores ends. */
function rank(scores: Float64Array): { readonly order: Uint32Array; readonly ends: Uint8Array } {
  const order = Uint32Array.from(scores.keys()).sort((i, j) => (scores[j] ?? 0) - (scores[i] ?? 0));
  const ends = new Uint8Array(order.length);
  for (const [place, row] of order.entries()) {
    const next = order[place + 1];
    ends[place] = next === undefined || scores[next] !== scores[row] ? 1 : 0;
  }
  return { order, ends };
}

/** Area under the ROC curve by the trapezoidal rule over runs of equal scores. */
function preparedAuc(positive: Uint8Array, scores: Float64Array): WeightedStatistic {
  const { order, ends } = rank(scores);
  return (weights) => {
    let truePositives = 0;
    let falsePositives = 0;
    let runPositives = 0;
    let runNegatives = 0;
    let area = 0;
    for (let place = 0; place < order.length; place += 1) {
      const row = order[place] ?? 0;
      const weight = weights[row] ?? 0;
      if (positive[row] === 1) runPositives += weight;
      else runNegatives += weight;
      if (ends[place] === 0) continue;
      area += runNegatives * (truePositives + runPositives / 2);
      truePositives += runPositives;
      falsePositives += runNegatives;
      runPositives = 0;
      runNegatives = 0;
    }
    return area / (truePositives * falsePositives);
  };
}

/** sum over thresholds of (recall_k - recall_(k-1)) precision_k, as scikit-learn's `average_precision_score`. */
function preparedAveragePrecision(positive: Uint8Array, scores: Float64Array): WeightedStatistic {
  const { order, ends } = rank(scores);
  return (weights) => {
    let taken = 0;
    let hits = 0;
    let hitsBefore = 0;
    let sum = 0;
    for (let place = 0; place < order.length; place += 1) {
      const row = order[place] ?? 0;
      const weight = weights[row] ?? 0;
      taken += weight;
      if (positive[row] === 1) hits += weight;
      if (ends[place] === 0 || taken === 0) continue;
      sum += (hits - hitsBefore) * (hits / taken);
      hitsBefore = hits;
    }
    return sum / hits;
  };
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

function noScores(side: Side): Undefined | undefined {
  if (side.scores.length > 0) return undefined;
  return { code: 'no-scores', message: 'The model gives no probabilities, and this metric needs them.' };
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

function notRankable(sample: Sample, side: Side): Undefined | undefined {
  const missing = noScores(side);
  if (missing !== undefined) return missing;
  if (sample.labels.every((label) => label === sample.labels[0])) {
    return { code: 'one-class-only', message: 'All rows have the same label, so there is nothing to rank.' };
  }
  const constant = side.scores.every((column) => column.every((value) => value === column[0]));
  if (!constant) return undefined;
  return { code: 'all-ties', message: 'The model gives every row the same score, so it ranks nothing.' };
}

function clip(value: number): number {
  return Math.min(1, Math.max(SMALLEST_PROBABILITY, value));
}
