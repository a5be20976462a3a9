import { drawLine, openPlot, type Plot, type Range } from './plot.ts';
import { drawSheet, label, type Shape, shape } from './svg.ts';

/** So many rows whose truth and prediction lie near this point. */
export type ErrorCell = { readonly truth: number; readonly prediction: number; readonly rows: number };

/** One model's cells, what it is called, and its errors in words. */
type ModelErrors = {
  readonly who: 'champion' | 'challenger';
  readonly text: string;
  readonly cells: readonly ErrorCell[];
};

/** Both models over the same values. */
type ErrorsFigure = {
  readonly range: Range;
  readonly write: (value: number) => string;
  readonly models: readonly ModelErrors[];
};

const SIDE = 320;
const TOP = 92;
const LEFT = 70;
const GAP = 100;
const LARGEST = 6;
const SMALLEST = 1.4;

/** What was predicted against what is true, a disc for all rows of about the same; the larger, the more. */
export function drawErrors({ range, write, models }: ErrorsFigure): string {
  const most = Math.max(1, ...models.flatMap(({ cells }) => cells.map(({ rows }) => rows)));
  const plots = models.flatMap(({ who, text, cells }, index) => {
    const plot = openPlot({
      x: LEFT + index * (SIDE + GAP),
      y: TOP,
      width: SIDE,
      height: SIDE,
      title: text,
      across: { range, title: 'true value', write },
      up: { range, title: 'predicted value', write },
    });
    const guide = drawLine(
      plot,
      [
        [range[0], range[0]],
        [range[1], range[1]],
      ],
      'guide',
    );
    return [...plot.frame, guide, ...drawCells(plot, cells, { most, style: `${who}-fill` })];
  });
  const shapes = [
    label('Predicted and true values', { x: 24, y: 30, style: 'head' }),
    label('Dotted: no error. The area of a disc is how many rows lie there.', {
      x: 24,
      y: 50,
      style: 'muted small',
    }),
    ...plots,
  ];
  const width = Math.max(460, LEFT + models.length * SIDE + (models.length - 1) * GAP + 34);
  const description = `Predictions against what is true. ${models.map(({ text }) => text).join('. ')}.`;
  return drawSheet(
    { title: 'Predicted and true values', description, width, height: TOP + SIDE + 52 },
    shapes,
  );
}

function drawCells(
  { toX, toY }: Plot,
  cells: readonly ErrorCell[],
  { most, style }: { readonly most: number; readonly style: string },
): readonly Shape[] {
  return cells.map(({ truth, prediction, rows }) => {
    const r = Math.max(SMALLEST, LARGEST * Math.sqrt(rows / most));
    return shape('circle', { cx: toX(truth), cy: toY(prediction), r, class: style, opacity: 0.7 });
  });
}
