import { groupedMeanDifference, meanDifference } from '../../statistics/intervals/mean-difference.ts';
import { wilsonInterval } from '../../statistics/intervals/wilson.ts';
import type { Interval } from '../../verdict.ts';
import { MIN_GROUPS } from '../comparison/comparison.ts';
import { groupRows } from '../comparison/group-rows.ts';
import type { Sample, Side } from '../predictions.ts';
import { isPerRow, type Metric } from './metric.ts';

/** Between one-sided bounds of 95% each, as comparisons have them. */
const LEVEL = 0.9;

/** How well the holdout fixes a metric's own value; `undefined` with too few groups, and for metrics of the whole sample that have no way to say it. */
export function meanInterval(
  metric: Metric,
  { sample, side }: { readonly sample: Sample; readonly side: Side },
  value: number,
): Interval | undefined {
  if (!isPerRow(metric)) return metric.ownInterval?.(sample, side, LEVEL);
  if (sample.groups !== undefined) {
    const { groupOf, names } = groupRows(sample.groups);
    if (names.length < MIN_GROUPS) return undefined;
    return groupedMeanDifference(metric.rowValues(sample, side), { groupOf, groups: names.length }, LEVEL)
      .interval;
  }
  if (metric.method === 'rightness') return wilsonInterval(value, sample.ids.length, LEVEL);
  return meanDifference(metric.rowValues(sample, side), LEVEL).interval;
}
