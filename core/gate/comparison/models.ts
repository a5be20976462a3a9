import { err, ok, type Result } from '../../result.ts';
import { normalCdf } from '../../statistics/distributions/normal.ts';
import { bonettPrice } from '../../statistics/intervals/bonett-price.ts';
import { groupedMeanDifference, meanDifference } from '../../statistics/intervals/mean-difference.ts';
import { mcnemarHarm } from '../../statistics/mcnemar.ts';
import {
  type ByAnswerMetric,
  evaluateMetric,
  type Metric,
  type RightnessMetric,
  type RowMetric,
  type Undefined,
} from '../metrics/metric.ts';
import type { Pair } from '../predictions.ts';
import { compareByBootstrap } from './bootstrap.ts';
import { compareByRank } from './by-rank.ts';
import {
  type CompareOptions,
  type Comparison,
  type Difference,
  MIN_GROUPS,
  MIN_ROWS,
  tooFewGroups,
  tooFewRows,
} from './comparison.ts';
import { groupRows } from './group-rows.ts';
import { answersUnseen, lossesUnseen } from './losses.ts';
import { studentHarm } from './student-harm.ts';
import { unseenShares } from './unseen-shares.ts';

/** Compares two models by `metric`, or says why these rows allow no comparison. */
export function compareModels(
  metric: Metric,
  pair: Pair,
  options: CompareOptions,
): Result<Comparison, Undefined> {
  const rows = pair.sample.ids.length;
  if (rows < MIN_ROWS) return err(tooFewRows(rows));
  const champion = evaluateMetric(metric, pair.sample, pair.champion);
  if (typeof champion !== 'number') return err(ofModel('champion', champion));
  const challenger = evaluateMetric(metric, pair.sample, pair.challenger);
  if (typeof challenger !== 'number') return err(ofModel('challenger', challenger));
  const estimate = metric.direction === 'higher' ? challenger - champion : champion - challenger;
  const difference = differenceOf(metric, pair, { ...options, estimate });
  if (!difference.ok) return difference;
  return ok({ champion, challenger, rows, ...allowForUnseen(metric, pair, difference.value, options) });
}

function differenceOf(
  metric: Metric,
  pair: Pair,
  options: CompareOptions & { readonly estimate: number },
): Result<Difference, Undefined> {
  if (metric.method === 'rightness' || metric.method === 'rows') return compareRows(metric, pair, options);
  const byRank = metric.method === 'auc' ? compareByRank(metric, pair, options) : undefined;
  return byRank ?? compareByBootstrap(metric, pair, options);
}

function compareRows(
  metric: RightnessMetric | RowMetric,
  pair: Pair,
  options: CompareOptions,
): Result<Difference, Undefined> {
  const sign = metric.direction === 'higher' ? 1 : -1;
  const a = metric.rowValues(pair.sample, pair.champion);
  const differences = metric
    .rowValues(pair.sample, pair.challenger)
    .map((value, row) => sign * (value - (a[row] ?? 0)));
  const level = 1 - 2 * options.alpha;
  const { groups } = pair.sample;
  if (groups === undefined) return ok(compareIndependent(metric, differences, level));
  const { groupOf, names } = groupRows(groups);
  if (names.length < MIN_GROUPS) return err(tooFewGroups(names.length));
  const grouped = groupedMeanDifference(differences, { groupOf, groups: names.length }, level);
  const independent = compareIndependent(metric, differences, level);
  // Belonging together can hide how much rows vary, but never makes them tell more than independent rows would.
  if (independent.standardError >= grouped.standardError) return ok(independent);
  const method = 'mean difference between groups of rows';
  return ok({ ...grouped, method, harmP: studentHarm(grouped, names.length - 1) });
}

function compareIndependent(
  metric: RightnessMetric | RowMetric,
  differences: Float64Array,
  level: number,
): Difference {
  if (metric.method === 'rightness') return compareRightness(differences, level);
  const plain = meanDifference(differences, level);
  return { ...plain, method: 'mean difference', harmP: studentHarm(plain, differences.length - 1) };
}

function compareRightness(differences: Float64Array, level: number): Difference {
  const gains = differences.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  const losses = differences.reduce((count, value) => count + (value < 0 ? 1 : 0), 0);
  const paired = bonettPrice({ gains, losses, n: differences.length }, level);
  const centre = (gains - losses) / (differences.length + 2);
  return {
    ...paired,
    method: 'paired proportions (Bonett-Price)',
    // Any harm is tested exactly; harm beyond a margin has no exact test, so both must show it.
    harmP: (margin) =>
      Math.max(
        mcnemarHarm(gains, losses),
        margin === 0 ? 0 : normalCdf((centre + margin) / paired.standardError),
      ),
  };
}

/**
 * No spread seen is no proof that there is none: the lower bound, on which a pass rests, allows for harm of kinds that no row shows. For answers
 * it is at least as low as the exact bound of the rows lost; for scores and values a failing part of the rows is taken off. Where nothing
 * tells the models apart the upper bound is moved as far.
 */
function allowForUnseen(
  metric: Metric,
  pair: Pair,
  difference: Difference,
  { alpha }: CompareOptions,
): Difference & { readonly unseen: number } {
  const { estimate, interval } = difference;
  const low = isOfAnswers(metric)
    ? Math.min(interval.low, estimate - lossOfAnswers(metric, pair, alpha))
    : interval.low - metric.unseenHarm(pair, unseenShares(pair.sample, alpha));
  const unseen = interval.low - low;
  const isAlike = difference.standardError === 0;
  const high = isAlike ? interval.high + unseen : interval.high;
  // An exact bound is no addition to the spread: what it takes to settle a margin follows from the spread alone.
  const added = isAlike || !isOfAnswers(metric) ? unseen : 0;
  return { ...difference, interval: { ...interval, low, high }, unseen: added };
}

function isOfAnswers(metric: Metric): metric is RightnessMetric | ByAnswerMetric {
  return metric.method === 'rightness' || (metric.method === 'bootstrap' && metric.byAnswer);
}

function lossOfAnswers(metric: RightnessMetric | ByAnswerMetric, pair: Pair, alpha: number): number {
  if (metric.method === 'bootstrap') return answersUnseen(metric, pair, alpha);
  return lossesUnseen(pair, Uint32Array.from(pair.sample.labels.keys()), alpha);
}

function ofModel(who: string, why: Undefined): Undefined {
  return { code: why.code, message: `${why.message.slice(0, -1)} (${who}).` };
}
