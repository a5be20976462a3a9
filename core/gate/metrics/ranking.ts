import { orderOf } from '../../statistics/order-of.ts';
import type { WeightedStatistic } from '../../statistics/random/paired-bootstrap.ts';
import type { Pair, Sample, Side } from '../predictions.ts';
import type { Undefined, UnseenShares } from './metric.ts';
import { noScores, scoresOf } from './probability.ts';

type PreparedRanking = (positive: Uint8Array, scores: Float64Array) => WeightedStatistic;

/** The positive class against the other, or the mean over every class against the rest. */
export function macroOverClasses(sample: Sample, side: Side, prepare: PreparedRanking): WeightedStatistic {
  const parts = againstTheRest(sample, side, prepare);
  return (weights) => parts.reduce((sum, { measure }) => sum + measure(weights), 0) / parts.length;
}

/** Each ranked class against the rest: which rows are of it, and what its ranking is worth. */
function againstTheRest(sample: Sample, side: Side, prepare: PreparedRanking) {
  return rankedClasses(sample).map((index) => {
    const ofClass = Uint8Array.from(sample.labels, (label) => (label === index ? 1 : 0));
    return { ofClass, measure: prepare(ofClass, scoresOf(side, index)) };
  });
}

/** The classes that are ranked against the rest: the positive one, or every one that has rows. */
export function rankedClasses({ task, classes, labels }: Sample): number[] {
  const all = task === 'binary' ? [1] : classes.map((_, index) => index);
  return all.filter((index) => labels.includes(index));
}

/** Rows of each class. */
export function sizesOf({ classes, labels }: Sample): Float64Array {
  const sizes = new Float64Array(classes.length);
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  return sizes;
}

/**
 * A failing share of one class takes as much from the area of that class, and its part of the other rows from each other area. `weigh` says how
 * much an area counts in the mean, by the rows of its class.
 */
export function unseenInAuc(weigh: (rows: number) => number) {
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
export function unseenInAveragePrecision({ sample }: Pair, { ofLabel }: UnseenShares): number {
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
export function weightedAuc(sample: Sample, side: Side): WeightedStatistic {
  const parts = againstTheRest(sample, side, preparedAuc);
  return (weights) => {
    let [sum, rows] = [0, 0];
    for (const { ofClass, measure } of parts) {
      const size = weights.reduce((total, times, row) => total + times * (ofClass[row] ?? 0), 0);
      sum += size * measure(weights);
      rows += size;
    }
    return sum / rows;
  };
}

/** Rows in order of falling score, and where each run of equal scores ends. */
function rank(scores: Float64Array): { readonly order: Uint32Array; readonly ends: Uint8Array } {
  const order = orderOf(scores).reverse();
  const ends = new Uint8Array(order.length);
  for (const [place, row] of order.entries()) {
    const next = order[place + 1];
    ends[place] = next === undefined || scores[next] !== scores[row] ? 1 : 0;
  }
  return { order, ends };
}

/** Area under the ROC curve by the trapezoidal rule over runs of equal scores. */
export function preparedAuc(positive: Uint8Array, scores: Float64Array): WeightedStatistic {
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
export function preparedAveragePrecision(positive: Uint8Array, scores: Float64Array): WeightedStatistic {
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

/** Why there is nothing to rank. */
export function notRankable(sample: Sample, side: Side): Undefined | undefined {
  const missing = noScores(side);
  if (missing !== undefined) return missing;
  if (sample.labels.every((label) => label === sample.labels[0])) {
    return { code: 'one-class-only', message: 'All rows have the same label, so there is nothing to rank.' };
  }
  const constant = side.scores.every((column) => column.every((value) => value === column[0]));
  if (!constant) return undefined;
  return { code: 'all-ties', message: 'The model gives every row the same score, so it ranks nothing.' };
}
