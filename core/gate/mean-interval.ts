import { groupedMeanDifference, meanDifference } from '../statistics/mean-difference.ts';
import { wilsonInterval } from '../statistics/wilson.ts';
import type { Interval } from '../verdict.ts';
import { MIN_GROUPS } from './comparison.ts';
import { groupRows } from './group-rows.ts';
import { isPerRow, type Metric } from './metric.ts';
import type { Sample, Side } from './predictions.ts';

/** Between one-sided bounds of 95% each, as comparisons have them. */
const LEVEL = 0.9;

/** How well the holdout fixes a metric's own value; `undefined` for metrics that are no mean over rows, and with too few groups. */
export function meanInterval(
  metric: Metric,
  sample: Sample,
  side: Side,
  value: number,
): Interval | undefined {
  if (!isPerRow(metric)) return undefined;
  if (sample.groups !== undefined) {
    const { groupOf, names } = groupRows(sample.groups);
    if (names.length < MIN_GROUPS) return undefined;
    return groupedMeanDifference(metric.rowValues(sample, side), groupOf, names.length, LEVEL).interval;
  }
  if (metric.method === 'rightness') return wilsonInterval(value, sample.ids.length, LEVEL);
  return meanDifference(metric.rowValues(sample, side), LEVEL).interval;
}
