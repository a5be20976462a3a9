import type { ErrorCell } from '../../pictures/draw-errors.ts';
import type { Range } from '../../pictures/plot.ts';
import type { Sample, Side } from '../predictions.ts';

/** So many cells on each axis; with as few rows each is a disc of its own. */
const CELLS = 40;

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
