import { drawErrors, type ErrorCell } from '../../pictures/draw-errors.ts';
import type { Range } from '../../pictures/plot.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { formatNumber } from '../format-value.ts';
import type { Sample, Side } from '../predictions.ts';
import type { Figure, Shown } from './figure.ts';

/** So many cells on each axis; with as few rows each is a disc of its own. */
const CELLS = 40;
const QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Predictions against the truth, and how the errors are spread; `undefined` where no numbers are predicted. */
export function showErrors({ sample, models }: Shown): Figure | undefined {
  if (sample.task !== 'regression') return undefined;
  const range = rangeOf([sample.labels, ...models.map(({ side }) => side.predictions)]);
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

/** Rows of about the same truth and prediction together, each at the mean of its rows. */
export function gatherCells(
  { labels }: Sample,
  { predictions }: Side,
  [low, high]: Range,
): readonly ErrorCell[] {
  const cells = new Map<number, { truth: number; prediction: number; rows: number }>();
  const placeOf = (value: number): number =>
    high > low ? Math.min(CELLS - 1, Math.floor((CELLS * (value - low)) / (high - low))) : 0;
  for (const [row, truth] of labels.entries()) {
    const prediction = predictions[row] ?? Number.NaN;
    const key = placeOf(truth) * CELLS + placeOf(prediction);
    const cell = cells.get(key) ?? { truth: 0, prediction: 0, rows: 0 };
    cells.set(key, cell);
    cell.truth += truth;
    cell.prediction += prediction;
    cell.rows += 1;
  }
  return [...cells.values()].map(({ truth, prediction, rows }) => ({
    truth: truth / rows,
    prediction: prediction / rows,
    rows,
  }));
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
