import { epochMs, type Instant, toInstant } from '../instant.ts';
import { formatDay } from '../report/format-day.ts';
import type { Markup } from '../report/html.ts';
import { drawLine, openPlot, type Plot, type Range, ticksOf } from './plot.ts';
import { embedSheet, label, type Shape, shape } from './svg.ts';

/** A value at a moment; with `low` and `high` as a band, or as a bar where the values are drawn one by one. */
export type DayPoint = {
  readonly at: Instant;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
};

/** Values over time: joined to a line, or marked one by one, hollow where they are not final. */
export type DaySeries = {
  readonly drawn: 'line' | 'marks' | 'hollow-marks';
  readonly style: 'challenger' | 'champion' | 'wrong';
  readonly points: readonly DayPoint[];
};

/** What is shown over time: `limits` lie across, `marks` stand at a moment. */
type DaysFigure = {
  readonly description: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly range: Range;
  readonly write: (value: number) => string;
  readonly series: readonly DaySeries[];
  readonly limits?: readonly DayLimit[];
  readonly marks?: readonly DayMark[];
};

/** A level that values are held against; its name stands on it, where it has one. */
type DayLimit = { readonly value: number; readonly text: string; readonly style: 'guide' | 'margin' };
/** A moment at which something happened; `alarm` is the one to see first. */
export type DayMark = { readonly at: Instant; readonly text: string; readonly kind: 'alarm' | 'event' };

/** As wide as a telephone, so that its letters are as large there as anywhere. */
export const PICTURE_WIDTH = 340;
const HEIGHT = 150;
const TOP = 26;
const LEFT = 46;
const RIGHT = 12;
const BOTTOM = 24;
const INNER = PICTURE_WIDTH - LEFT - RIGHT;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MOST_TICKS = 5;
const LETTER = 6;
/** Height of a limit's name. */
const LIMIT_NAME = 11;
const STEPS_MS = [1, 3, 6, 12, 24, 48, 96, 168, 336, 672, 1_344, 2_688, 8_760, 17_520].map(
  (hours) => hours * HOUR_MS,
);

/** Values over time, in the width of a telephone. */
export function drawDays(figure: DaysFigure): Markup {
  const { description, range, write, series, limits = [], marks = [] } = figure;
  const span: Range = [epochMs(figure.from), epochMs(figure.to)];
  const isShort = span[1] - span[0] <= 2 * DAY_MS;
  const plot = openPlot({
    ...{ x: LEFT, y: TOP, width: INNER, height: HEIGHT - TOP - BOTTOM },
    across: { range: span, ticks: timeTicks(span), write: isShort ? writeHour : writeDay },
    up: { range, ticks: ticksOf(range).filter((_, index, all) => all.length < 5 || index % 2 === 0), write },
  });
  const shapes = [
    ...plot.frame,
    ...drawLimits(plot, span, limits),
    ...drawMarks(plot, marks),
    ...series.flatMap((one) => drawSeries(plot, one)),
  ];
  return embedSheet({ description, width: PICTURE_WIDTH, height: HEIGHT }, shapes);
}

function drawSeries(plot: Plot, { drawn, style, points }: DaySeries): readonly Shape[] {
  const placed = points.map((point) => ({ ...point, x: epochMs(point.at) }));
  if (drawn === 'line') {
    const line = drawLine(
      plot,
      placed.map(({ x, value }) => [x, value]),
      style,
    );
    const last = placed.at(-1);
    const end =
      last === undefined
        ? []
        : [
            shape('circle', {
              cx: plot.toX(last.x),
              cy: plot.toY(last.value),
              r: 2.5,
              class: `${style}-fill`,
            }),
          ];
    return [...drawBand(plot, placed, style), line, ...end];
  }
  return placed.flatMap(({ x, value, low, high }) => {
    const [cx, cy] = [plot.toX(x), plot.toY(value)];
    const bar =
      low === undefined || high === undefined
        ? []
        : [shape('line', { x1: cx, x2: cx, y1: plot.toY(low), y2: plot.toY(high), class: `${style}-bar` })];
    const fill = drawn === 'marks' ? `${style}-fill` : 'open-fill';
    return [...bar, shape('circle', { cx, cy, r: 3, class: fill })];
  });
}

type Placed = DayPoint & { readonly x: number };

function drawBand({ toX, toY }: Plot, points: readonly Placed[], style: string): readonly Shape[] {
  const banded = points.flatMap(({ x, low, high }) =>
    low === undefined || high === undefined ? [] : [{ x, low, high }],
  );
  if (banded.length < 2) return [];
  const write = (x: number, y: number) => `${Math.round(10 * toX(x)) / 10},${Math.round(10 * toY(y)) / 10}`;
  const upper = banded.map(({ x, high }) => write(x, high));
  const lower = banded.map(({ x, low }) => write(x, low)).reverse();
  return [
    shape('polygon', { points: [...upper, ...lower].join(' '), class: `${style}-fill`, opacity: 0.18 }),
  ];
}

/** The uppermost is named first; a name that would lie on another is left out, and its line stays. */
function drawLimits({ toX, toY }: Plot, [from, to]: Range, limits: readonly DayLimit[]): readonly Shape[] {
  const placed = limits
    .map((limit) => ({ ...limit, y: toY(limit.value) }))
    .toSorted((one, other) => one.y - other.y);
  const named: (typeof placed)[number][] = [];
  for (const limit of placed) {
    if (limit.text !== '' && named.every(({ y }) => limit.y - y >= LIMIT_NAME)) named.push(limit);
  }
  return [
    ...placed.map(({ y, style }) =>
      shape('line', { x1: toX(from), x2: toX(to), y1: y, y2: y, class: style }),
    ),
    ...named.map(({ y, text }) => label(text, { x: toX(from) + 4, y: y - 3, style: 'muted tiny' })),
  ];
}

/** Names stand above the plot; one that would lie on another is left out, and its line stays. An alarm's always stands. */
function drawMarks(plot: Plot, marks: readonly DayMark[]): readonly Shape[] {
  const names = marks.map(({ at, text, kind }) => ({ ...placeName(plot.toX(epochMs(at)), text), kind }));
  const alarms = names.filter(({ kind }) => kind === 'alarm');
  const shown: (typeof names)[number][] = [...alarms];
  for (const name of names.filter(({ kind }) => kind === 'event')) {
    if (shown.every((other) => name.left >= other.right || other.left >= name.right)) shown.push(name);
  }
  const lines = marks.map(({ at, kind }) => {
    const x = plot.toX(epochMs(at));
    return shape('line', {
      x1: x,
      x2: x,
      y1: TOP - 8,
      y2: HEIGHT - BOTTOM,
      class: kind === 'alarm' ? 'wrong-bar' : 'guide',
    });
  });
  const flags = alarms.map(({ at }) =>
    shape('polygon', { points: `${at},${TOP - 8} ${at + 8},${TOP - 4} ${at},${TOP}`, class: 'wrong-fill' }),
  );
  const texts = shown.map(({ at, anchor, text, kind }) =>
    label(text, { x: at, y: TOP - 12, anchor, style: kind === 'alarm' ? 'strong small' : 'muted small' }),
  );
  return [...lines, ...flags, ...texts];
}

function placeName(at: number, text: string) {
  const half = (text.length * LETTER) / 2;
  const x = Math.round(10 * at) / 10;
  if (at - half < 2) return { at: x, text, anchor: 'start' as const, left: at, right: at + 2 * half };
  if (at + half > PICTURE_WIDTH - 2)
    return { at: x, text, anchor: 'end' as const, left: at - 2 * half, right: at };
  return { at: x, text, anchor: 'middle' as const, left: at - half, right: at + half };
}

/** Round moments in UTC, few enough to be read beside each other. */
function timeTicks([from, to]: Range): readonly number[] {
  const step = STEPS_MS.find((one) => (to - from) / one <= MOST_TICKS) ?? to - from + 1;
  const first = Math.ceil(from / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((to - first) / step) + 1) },
    (_, index) => first + index * step,
  );
}

function writeDay(ms: number): string {
  return formatDay(toInstant(ms));
}

function writeHour(ms: number): string {
  return toInstant(ms).slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm'.length);
}
