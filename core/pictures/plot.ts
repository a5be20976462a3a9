import { label, type Shape, shape } from './svg.ts';

/** From the first value to the last, both shown. */
export type Range = readonly [low: number, high: number];

/** Where a plot lies on the sheet, what its axes show, and what they are called. */
type PlotFrame = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly title?: string;
  readonly across: Axis;
  readonly up: Axis;
};

type Axis = {
  readonly range: Range;
  readonly title?: string;
  /** Where its numbers stand; about five round ones unless told. */
  readonly ticks?: readonly number[];
  readonly write: (value: number) => string;
};

/** A frame with its grid and its numbers, and where values lie in it. */
export type Plot = {
  readonly toX: (value: number) => number;
  readonly toY: (value: number) => number;
  readonly frame: readonly Shape[];
};

const TICKS = 5;

/** The frame of a plot; values beyond the ranges are drawn at their ends. */
export function openPlot(frame: PlotFrame): Plot {
  const { x, y, width, height, across, up, title } = frame;
  const toX = (value: number): number => x + width * shareOf(value, across.range);
  const toY = (value: number): number => y + height * (1 - shareOf(value, up.range));
  const bottom = y + height;
  const columns = (across.ticks ?? ticksOf(across.range)).flatMap((value) => [
    shape('line', { x1: toX(value), x2: toX(value), y1: y, y2: bottom, class: 'grid' }),
    label(across.write(value), { x: toX(value), y: bottom + 16, anchor: 'middle', style: 'muted small' }),
  ]);
  const rows = (up.ticks ?? ticksOf(up.range)).flatMap((value) => [
    shape('line', { x1: x, x2: x + width, y1: toY(value), y2: toY(value), class: 'grid' }),
    label(up.write(value), { x: x - 7, y: toY(value) + 4, anchor: 'end', style: 'muted small' }),
  ]);
  const titles = [
    ...nameAxis(across, { x: x + width / 2, y: bottom + 34 }),
    ...nameAxis(up, { x: x - 42, y: y + height / 2, turned: -90 }),
    ...(title === undefined ? [] : [label(title, { x, y: y - 10, style: 'strong' })]),
  ];
  const border = shape('rect', { x, y, width, height, class: 'axis' });
  return { toX, toY, frame: [...columns, ...rows, border, ...titles] };
}

function nameAxis(
  { title }: Axis,
  place: { readonly x: number; readonly y: number; readonly turned?: number },
): readonly Shape[] {
  return title === undefined ? [] : [label(title, { ...place, anchor: 'middle', style: 'small' })];
}

/** About five round numbers within a range. */
export function ticksOf([low, high]: Range): readonly number[] {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, index) => (first + index) * step);
}

/** A line through points of a plot. */
export function drawLine(
  { toX, toY }: Plot,
  points: readonly (readonly [x: number, y: number])[],
  style: string,
): Shape {
  const places = points.map(([x, y]) => `${round(toX(x))},${round(toY(y))}`);
  return shape('polyline', { points: places.join(' '), class: style });
}

function shareOf(value: number, [low, high]: Range): number {
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return Math.min(1, Math.max(0, share));
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
