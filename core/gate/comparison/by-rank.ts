import { err, ok, type Result } from '../../result.ts';
import { studentQuantile } from '../../statistics/distributions/student-t.ts';
import { compareMeanAuc } from '../../statistics/intervals/delong.ts';
import type { AucMetric, Undefined } from '../metrics/metric.ts';
import { scoresOf } from '../metrics/probability.ts';
import { rankedClasses, sizesOf } from '../metrics/ranking.ts';
import type { Pair } from '../predictions.ts';
import { type CompareOptions, type Difference, MIN_PER_CLASS } from './comparison.ts';
import { studentHarm } from './student-harm.ts';

/**
 * The difference of areas under ROC curves, or of their mean over classes, by how much single rows have to do with it; `undefined` where
 * that says too little: rows that belong together, or of many classes one with hardly any rows.
 */
export function compareByRank(
  metric: AucMetric,
  pair: Pair,
  { alpha }: CompareOptions,
): Result<Difference, Undefined> | undefined {
  const { sample } = pair;
  if (sample.groups !== undefined) return undefined;
  const sizes = sizesOf(sample);
  const fewest = Math.min(...sizes.filter((rows) => rows > 0));
  if (fewest < MIN_PER_CLASS) return sample.task === 'binary' ? err(tooFewOfAClass(fewest)) : undefined;
  const result = compareMeanAuc(sample.labels, rankBoth(metric, pair, sizes));
  // With few rows of a class the variance itself is uncertain, which the normal quantile would leave out.
  const reach = studentQuantile(1 - alpha, fewest - 1) * result.standardError;
  const { difference: estimate, standardError } = result;
  return ok({
    estimate,
    standardError,
    interval: { low: estimate - reach, high: estimate + reach, level: 1 - 2 * alpha },
    method: sample.task === 'binary' ? 'DeLong' : 'DeLong, mean over classes',
    harmP: studentHarm({ estimate, standardError }, fewest - 1),
  });
}

function rankBoth({ weigh }: AucMetric, { sample, champion, challenger }: Pair, sizes: Float64Array) {
  const ranked = rankedClasses(sample);
  const weightOf = (label: number): number => weigh(sizes[label] ?? 0);
  const all = ranked.reduce((sum, label) => sum + weightOf(label), 0);
  return ranked.map((label) => ({
    label,
    weight: weightOf(label) / all,
    scoresA: scoresOf(champion, label),
    scoresB: scoresOf(challenger, label),
  }));
}

function tooFewOfAClass(rows: number): Undefined {
  return {
    code: 'too-few-of-a-class',
    message: `One class has ${rows} rows, too few to judge a ranking by; at least ${MIN_PER_CLASS} are needed.`,
  };
}
