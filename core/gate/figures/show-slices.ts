import { drawForest, type ForestRow } from '../../pictures/draw-forest.ts';
import { shortenText } from '../../pictures/svg.ts';
import type { Block } from '../../report/report.ts';
import type { Check, SliceRow } from '../check.ts';
import { formatChange, formatCount } from '../format-value.ts';
import type { Unit } from '../metrics/metric.ts';
import type { GateFigure } from './figure.ts';

/** More slices than this are counted and not drawn. */
const MOST_SLICES = 30;
/** Letters of the plot in a report. */
const PLOT = 41;
const NAME = 20;
const ORDER = { fail: 0, inconclusive: 1, pass: 2, 'not-judged': 3 } as const;

/** The slices of one check as a forest; `number` sets its file apart from those of other checks. */
export function showSlices(
  { slices, metric, need, unit = 'number' }: Check,
  number: number,
): GateFigure | undefined {
  if (slices === undefined || slices.length === 0) return undefined;
  const all = slices.map((slice) => toForestRow(slice, unit)).toSorted(inOrder);
  const rows = all.slice(0, MOST_SLICES);
  const left = all.length - rows.length;
  const rest = left === 0 ? undefined : `and ${formatCount(left)} more slices in the evidence file`;
  const title = `${metric}: ${need}`;
  const write = (difference: number): string => formatChange(difference, unit);
  return {
    file: `slices-${number}.svg`,
    title,
    svg: drawForest({ title, rows, write, rest }),
    blocks: [
      writeForest(rows),
      ...(rest === undefined ? [] : [{ kind: 'paragraph', text: `${rest}.` } as const]),
    ],
  };
}

function toForestRow(slice: SliceRow, unit: Unit): ForestRow {
  const { rows, change, margin, verdict } = slice;
  const common = { name: slice.slice, rows, outcome: verdict ?? 'not-judged' } as const;
  if (change === undefined) return { ...common, text: 'too few rows' };
  const { estimate, interval } = change;
  const [low, high] = [interval.low, interval.high];
  const text = `${formatChange(estimate, unit)} [${formatChange(low, unit)}, ${formatChange(high, unit)}]`;
  return { ...common, text, change: { estimate, low, high }, ...(margin !== undefined && { margin }) };
}

/** Failing ones first, then by how low they may be. */
function inOrder(a: ForestRow, b: ForestRow): number {
  const lowOf = ({ change }: ForestRow): number => change?.low ?? 0;
  return ORDER[a.outcome] - ORDER[b.outcome] || lowOf(a) - lowOf(b) || b.rows - a.rows;
}

/** The same in letters of one width: `├──●──┤`, `│` where there is no difference, `┊` at the margin. */
function writeForest(rows: readonly ForestRow[]): Block {
  const values = rows.flatMap(({ change, margin }) => [
    ...(change === undefined ? [] : [change.low, change.high]),
    ...(margin === undefined ? [] : [-margin]),
  ]);
  const finite = [0, ...values.filter(Number.isFinite)];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const placeOf = (value: number): number => {
    const shown = Math.min(high, Math.max(low, value));
    return high > low ? Math.round(((PLOT - 1) * (shown - low)) / (high - low)) : 0;
  };
  const width = Math.min(NAME, Math.max(5, ...rows.map(({ name }) => Array.from(name).length)));
  const lines = rows.map((row) => {
    const name = Array.from(shortenText(row.name, width));
    const padded = name.join('') + ' '.repeat(width - name.length);
    return `${padded} ${formatCount(row.rows).padStart(9)}  ${writeRow(row, placeOf)}  ${row.text}`;
  });
  const head = `${'Slice'.padEnd(width)} ${'Rows'.padStart(9)}  ${'worse'.padEnd(PLOT - 6)}better`;
  return { kind: 'code', text: [head, ...lines].join('\n') };
}

function writeRow({ change, margin, outcome }: ForestRow, placeOf: (value: number) => number): string {
  const letters = new Array<string>(PLOT).fill(' ');
  const put = (value: number, letter: string): void => {
    letters[placeOf(value)] = letter;
  };
  if (margin !== undefined) put(-margin, '┊');
  put(0, '│');
  if (change === undefined) return letters.join('');
  const { estimate, low, high } = change;
  letters.fill('─', placeOf(low), placeOf(high));
  if (margin !== undefined && margin !== 0 && low < -margin && high > -margin) put(-margin, '┼');
  if (low < 0 && high > 0) put(0, '┼');
  put(low, '├');
  put(high, '┤');
  put(estimate, outcome === 'fail' ? '■' : '●');
  return letters.join('');
}
