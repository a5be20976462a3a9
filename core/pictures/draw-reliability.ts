import { drawKey, drawMark, type KeyEntry, keyHeight, type Who } from './model-key.ts';
import { drawLine, openPlot, type Plot } from './plot.ts';
import { drawSheet, label, type Shape, shape } from './svg.ts';

/** The rows whose confidence lies between two limits: how sure the model is of them on average, and how often it is right. */
export type ReliabilityBin = {
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly confidence: number;
  readonly accuracy: number;
  readonly interval: { readonly low: number; readonly high: number };
};

/** One model's bins, those without rows left out. */
type ModelReliability = KeyEntry & { readonly bins: readonly ReliabilityBin[] };

const WIDTH = 640;
const SIDE = 380;
const TOP = 84;
const LEFT = 66;
const BARS = 70;
const APART = 3;
const WHOLE = [0, 1] as const;
const writeShare = (value: number): string => String(Math.round(10 * value) / 10);

/** How often each model is right where it is how sure, with each bin's interval, and below it how many rows there are. */
export function drawReliability(models: readonly ModelReliability[]): string {
  const top = TOP + keyHeight(models);
  const plot = openPlot({
    x: LEFT,
    y: top,
    width: WIDTH - LEFT - 30,
    height: SIDE,
    across: { range: WHOLE, title: '', write: writeShare },
    up: { range: WHOLE, title: 'share that is right', write: writeShare },
  });
  const shapes = [
    label('Reliability', { x: 24, y: 30, style: 'head' }),
    label('Dotted: as sure as right. Bars: 90% intervals of each bin. Below: rows by bin.', MUTED),
    ...drawKey(models, 24, 74),
    ...plot.frame,
    drawLine(
      plot,
      [
        [0, 0],
        [1, 1],
      ],
      'guide',
    ),
    ...models.flatMap((model) => drawModel(plot, model)),
    ...drawCounts(plot, models, top + SIDE + 30),
    label(`confidence of the answer; bars: up to ${mostRows(models)} rows`, {
      x: (LEFT + WIDTH - 30) / 2,
      y: top + SIDE + BARS + 52,
      anchor: 'middle',
      style: 'small',
    }),
  ];
  const description = `How often answers are right by how sure they are. ${models.map(({ text }) => text).join('. ')}.`;
  const height = top + SIDE + BARS + 68;
  return drawSheet({ title: 'Reliability', description, width: WIDTH, height }, shapes);
}

const MUTED = { x: 24, y: 50, style: 'muted small' } as const;

function drawModel(plot: Plot, { who, bins }: ModelReliability): readonly Shape[] {
  const points = bins.map(({ confidence, accuracy }) => [confidence, accuracy] as const);
  const bars = bins.map(({ confidence, interval }) => {
    const x = plot.toX(confidence) + shiftOf(who);
    const [y1, y2] = [plot.toY(interval.low), plot.toY(interval.high)];
    return shape('line', { x1: x, x2: x, y1, y2, class: `${who}-bar` });
  });
  const marks = bins.map(({ confidence, accuracy }) =>
    drawMark(who, plot.toX(confidence) + shiftOf(who), plot.toY(accuracy)),
  );
  return [drawLine(plot, points, who), ...bars, ...marks];
}

/** Two models' bars side by side, so that neither hides the other. */
function shiftOf(who: Who): number {
  return who === 'champion' ? -APART : APART;
}

function drawCounts(plot: Plot, models: readonly ModelReliability[], top: number): readonly Shape[] {
  const most = mostRows(models);
  const bottom = top + BARS;
  const bars = models.flatMap(({ who, bins }, index) =>
    bins.map(({ low, high, rows }) => {
      const [from, to] = [plot.toX(low) + 4, plot.toX(high) - 4];
      const width = (to - from) / models.length;
      const height = (BARS * rows) / most;
      const x = from + index * width;
      return shape('rect', {
        x,
        y: bottom - height,
        width: width - 1,
        height,
        class: `${who}-fill`,
        opacity: 0.75,
      });
    }),
  );
  const base = shape('line', { x1: plot.toX(0), x2: plot.toX(1), y1: bottom, y2: bottom, class: 'axis' });
  return [...bars, base];
}

function mostRows(models: readonly ModelReliability[]): number {
  return Math.max(1, ...models.flatMap(({ bins }) => bins.map(({ rows }) => rows)));
}
