import { drawReliability, type ReliabilityBin } from '../../pictures/draw-reliability.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { groupedMeanDifference } from '../../statistics/intervals/mean-difference.ts';
import { wilsonInterval } from '../../statistics/intervals/wilson.ts';
import type { Interval } from '../../verdict.ts';
import { MIN_GROUPS } from '../comparison/comparison.ts';
import { groupRows } from '../comparison/group-rows.ts';
import { formatCount, formatNumber, formatValue } from '../format-value.ts';
import { binConfidences, calibrationInterval } from '../metrics/calibration.ts';
import { evaluateMetric } from '../metrics/metric.ts';
import { findMetric } from '../metrics/metrics.ts';
import type { Sample, Side } from '../predictions.ts';
import type { GateFigure, Shown, ShownModel } from './figure.ts';

const LEVEL = 0.9;

/** How often each model is right where it is how sure; `undefined` where no model gives probabilities of every answer. */
export function showReliability({ sample, models }: Shown): GateFigure | undefined {
  const lines = models.flatMap((model) => {
    const text = describeError(sample, model);
    return text === undefined ? [] : [{ ...model, text, bins: binsOf(sample, model.side) }];
  });
  if (lines.length === 0) return undefined;
  return {
    file: 'reliability.svg',
    title: 'Reliability',
    svg: drawReliability(lines),
    blocks: [{ kind: 'list', items: lines.map(({ text }) => text) }, tableOf(lines)],
  };
}

/** `v7: ECE 0.031, 90% interval 0.018 to 0.044`; `undefined` where it has none. */
function describeError(sample: Sample, { name, side }: ShownModel): string | undefined {
  const metric = findMetric('ece', sample.task);
  const value = metric.ok ? evaluateMetric(metric.value, sample, side) : undefined;
  if (typeof value !== 'number') return undefined;
  const interval = calibrationInterval(sample, side, LEVEL);
  const bounds =
    interval === undefined
      ? ''
      : `, ${100 * LEVEL}% interval ${formatNumber(interval.low)} to ${formatNumber(interval.high)}`;
  return `${name}: ECE ${formatNumber(value)}${bounds}`;
}

function binsOf(sample: Sample, side: Side): readonly ReliabilityBin[] {
  return binConfidences(sample, side).map(({ rows, ...bin }) => ({
    ...bin,
    rows: rows.length,
    interval: intervalOf(sample, side, rows),
  }));
}

/** By Wilson; as wide as whole groups differ, where they differ by more. */
function intervalOf({ labels, groups }: Sample, { predictions }: Side, rows: Uint32Array): Interval {
  const right = Float64Array.from(rows, (row) => Number(predictions[row] === labels[row]));
  const independent = wilsonInterval(
    right.reduce((sum, one) => sum + one, 0) / rows.length,
    rows.length,
    LEVEL,
  );
  if (groups === undefined) return independent;
  const { groupOf, names } = groupRows(Array.from(rows, (row) => groups[row] ?? ''));
  if (names.length < MIN_GROUPS) return { low: 0, high: 1, level: LEVEL };
  const { interval } = groupedMeanDifference(right, { groupOf, groups: names.length }, LEVEL);
  return {
    low: Math.max(0, Math.min(independent.low, interval.low)),
    high: Math.min(1, Math.max(independent.high, interval.high)),
    level: LEVEL,
  };
}

function tableOf(
  models: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[],
): Block {
  const columns = [
    'Model',
    ...['Confidence', 'Rows', 'Mean confidence', 'Right [90% interval]'].map(alignRight),
  ];
  const rows = models.flatMap(({ name, bins }) =>
    bins.map(({ low, high, rows: count, confidence, accuracy, interval }) => [
      name,
      `${low} to ${high}`,
      formatCount(count),
      formatValue(confidence, 'rate'),
      `${formatValue(accuracy, 'rate')} [${formatValue(interval.low, 'rate')}, ${formatValue(interval.high, 'rate')}]`,
    ]),
  );
  return { kind: 'table', columns, rows };
}
