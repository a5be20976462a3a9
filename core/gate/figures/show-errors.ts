import { drawErrors } from '../../pictures/draw-errors.ts';
import type { Range } from '../../pictures/plot.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { formatNumber } from '../format-value.ts';
import type { Sample } from '../predictions.ts';
import type { GateFigure, Shown } from './figure.ts';
import { gatherCells } from './gather-cells.ts';

const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Predictions against the truth, and how the errors are spread; `undefined` where no numbers are predicted, or further apart than can be told. */
export function showErrors({ sample, models }: Shown): GateFigure | undefined {
  if (sample.task !== 'regression') return undefined;
  const range = rangeOf([sample.labels, ...models.map(({ side }) => side.predictions)]);
  if (!Number.isFinite(range[1] - range[0])) return undefined;
  const drawn = models.map(({ who, name, side }) => ({
    who,
    text: name,
    cells: gatherCells(sample, side, range),
  }));
  return {
    file: 'errors.svg',
    title: 'Predicted and true values',
    svg: drawErrors({ range, write: formatNumber, models: drawn }),
    blocks: [
      { kind: 'paragraph', text: 'Prediction less truth: the mean, and by quantiles of the rows.' },
      tableOf(sample, models),
    ],
  };
}

function rangeOf(columns: readonly Float64Array[]): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const column of columns) {
    for (const value of column) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  const air = high > low ? 0.03 * (high - low) : 1;
  return [low - air, high + air];
}

function tableOf({ labels }: Sample, models: Shown['models']): Block {
  const columns = ['Model', ...['Mean', ...QUANTILES.map((share) => `${100 * share}%`)].map(alignRight)];
  const rows = models.map(({ name, side }) => {
    const errors = side.predictions.map((value, row) => value - (labels[row] ?? Number.NaN)).sort();
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    const quantiles = QUANTILES.map((share) => errors[Math.floor(share * (errors.length - 1))] ?? Number.NaN);
    return [name, ...[mean, ...quantiles].map(formatNumber)];
  });
  return { kind: 'table', columns, rows };
}
