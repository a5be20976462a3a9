import { ticksOf } from './plot.ts';
import { drawSheet, label, type Shape, shape } from './svg.ts';

/** A difference, + is better, with its interval; `margin` is how much worse still counts as not worse. */
export type ForestRow = {
  readonly name: string;
  readonly rows: number;
  readonly text: string;
  readonly outcome: 'pass' | 'fail' | 'inconclusive' | 'not-judged';
  readonly change?: { readonly estimate: number; readonly low: number; readonly high: number };
  readonly margin?: number;
};

/** A forest: what is drawn, the rows from the first to the last, how a difference is written, and what is left out. */
type ForestFigure = {
  readonly title: string;
  readonly rows: readonly ForestRow[];
  readonly write: (difference: number) => string;
  readonly rest: string | undefined;
};

const ROW = 24;
const TOP = 96;
const WIDTH = 820;
const PLOT = { x: 262, width: 320 };
const NAME = 28;
const WORD = 50;

/** The differences below each other, with the line of no difference and that of the margin. */
export function drawForest({ title, rows, write, rest }: ForestFigure): string {
  const range = rangeOf(rows);
  const toX = (value: number): number =>
    PLOT.x +
    (PLOT.width * (Math.min(range[1], Math.max(range[0], value)) - range[0])) / (range[1] - range[0]);
  const bottom = TOP + ROW * rows.length;
  const ticks = ticksOf(range).flatMap((value) => [
    shape('line', { x1: toX(value), x2: toX(value), y1: TOP - 6, y2: bottom, class: 'grid' }),
    label(value === 0 ? '0' : write(value), {
      x: toX(value),
      y: bottom + 16,
      anchor: 'middle',
      style: 'muted tiny',
    }),
  ]);
  const height = bottom + (rest === undefined ? 44 : 62);
  const shapes = [
    label(title, { x: 24, y: 30, style: 'head' }, 90),
    label('Difference from the champion, + is better, with 95% bounds. Dashed: the margin.', {
      x: 24,
      y: 50,
      style: 'muted small',
    }),
    label('Slice', { x: 24, y: TOP - 14, style: 'muted small' }),
    label('Rows', { x: PLOT.x - 16, y: TOP - 14, anchor: 'end', style: 'muted small' }),
    ...drawSides(toX(0)),
    ...ticks,
    shape('line', { x1: toX(0), x2: toX(0), y1: TOP - 10, y2: bottom, class: 'axis' }),
    ...rows.flatMap((row, index) => drawRow(row, TOP + ROW * index, toX)),
    ...(rest === undefined ? [] : [label(rest, { x: 24, y: height - 14, style: 'muted small' }, 120)]),
  ];
  const description = `${title}: ${rows.length} differences with their intervals.`;
  return drawSheet({ title, description, width: WIDTH, height }, shapes);
}

/** The words stand where there is room for them beside the line of no difference. */
function drawSides(x: number): readonly Shape[] {
  const place = { y: TOP - 14, style: 'muted small' } as const;
  const worse = label('Worse', { ...place, x: x - 8, anchor: 'end' });
  const better = label('Better', { ...place, x: x + 8 });
  return [...(x - PLOT.x > WORD ? [worse] : []), ...(PLOT.x + PLOT.width - x > WORD ? [better] : [])];
}

function drawRow(row: ForestRow, top: number, toX: (value: number) => number): readonly Shape[] {
  const { name, rows, text, change, margin, outcome } = row;
  const middle = top + ROW / 2;
  const limit =
    margin === undefined
      ? []
      : [shape('line', { x1: toX(-margin), x2: toX(-margin), y1: top, y2: top + ROW, class: 'margin' })];
  const style = outcome === 'fail' ? 'wrong' : 'challenger';
  const drawn =
    change === undefined
      ? []
      : [
          shape('line', {
            x1: toX(change.low),
            x2: toX(change.high),
            y1: middle,
            y2: middle,
            class: `${style}-bar`,
          }),
          drawOutcome(outcome, toX(change.estimate), middle),
        ];
  return [
    label(name, { x: 24, y: middle + 4, style: outcome === 'fail' ? 'small strong' : 'small' }, NAME),
    label(String(rows), { x: PLOT.x - 16, y: middle + 4, anchor: 'end', style: 'small' }),
    ...limit,
    ...drawn,
    label(
      text,
      { x: PLOT.x + PLOT.width + 18, y: middle + 4, style: change === undefined ? 'muted small' : 'small' },
      40,
    ),
  ];
}

/** What is worse is square and full, what is open is hollow. */
function drawOutcome(outcome: ForestRow['outcome'], x: number, y: number): Shape {
  if (outcome === 'fail')
    return shape('rect', { x: x - 4.5, y: y - 4.5, width: 9, height: 9, class: 'wrong-fill' });
  return shape('circle', { cx: x, cy: y, r: 4, class: outcome === 'pass' ? 'challenger-fill' : 'open-fill' });
}

/** All that is to be seen: the intervals, no difference, and the margins. */
function rangeOf(rows: readonly ForestRow[]): readonly [number, number] {
  const values = rows.flatMap(({ change, margin }) => [
    ...(change === undefined ? [] : [change.low, change.high]),
    ...(margin === undefined ? [] : [-margin]),
  ]);
  const finite = [0, ...values.filter(Number.isFinite)];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const air = high > low ? 0.06 * (high - low) : 1;
  return [low - air, high + air];
}
