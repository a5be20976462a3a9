import { drawSheet, label, type Shape, shape, shortenText } from './svg.ts';

/**
 * How often each answer was given to the rows of each label. Rows are labels, columns answers; the first so many of both are the `named`
 * classes, in the same order.
 */
export type ConfusionCounts = {
  readonly named: number;
  readonly labels: readonly string[];
  readonly answers: readonly string[];
  readonly counts: readonly (readonly number[])[];
};

/** One model's counts. */
type ModelConfusion = { readonly text: string; readonly confusion: ConfusionCounts };

const NAME = 14;
const SMALLEST = 40;
const LARGEST = 74;
const PANEL = 330;
const SIDE = 24;
const GAP = 28;
const LETTER = 6.4;
/** From this share on a cell is so full that its text is written in the colour of the paper. */
const FULL = 0.5;
/** Cells this wide have room for the share below the count. */
const ROOM = 46;

/** The counts of both models beside each other; a cell is the fuller, the larger its share of its row. `rest` says what is not named. */
export function drawConfusion(models: readonly ModelConfusion[], rest: string | undefined): string {
  const [first] = models;
  const columns = first?.confusion.answers ?? [];
  const cell = Math.min(LARGEST, Math.max(SMALLEST, PANEL / Math.max(1, columns.length)));
  const names = [...columns, ...(first?.confusion.labels ?? [])].map(
    (name) => shortenText(name, NAME).length,
  );
  const longest = Math.max(3, ...names);
  const left = 24 + longest * LETTER;
  const head = longest * LETTER * 0.75;
  const isTurned = longest * LETTER > cell - 4;
  const top = 96 + (isTurned ? head : 14);
  const size = { cell, isTurned };
  const panel = left + cell * columns.length;
  const panels = models.flatMap(({ text, confusion }, index) => {
    const x = SIDE + index * (panel + GAP) + left;
    const title = label(text, { x: x - left, y: 80, style: 'strong' }, Math.floor(panel / 6.5));
    return [title, ...drawPanel(confusion, { ...size, x, y: top })];
  });
  const height = top + cell * (first?.confusion.labels.length ?? 0) + 34;
  const width = Math.max(
    520,
    SIDE * 2 + models.length * panel + (models.length - 1) * GAP + (isTurned ? head / 2 : 0),
  );
  const shapes = [
    label('Confusion matrix', { x: 24, y: 30, style: 'head' }),
    label('Rows: what is true. Columns: what was answered. Shares are of the row.', MUTED),
    ...panels,
    ...(rest === undefined ? [] : [label(rest, { x: 24, y: height - 12, style: 'muted small' }, 120)]),
  ];
  const description = `Counts of each answer to the rows of each label: ${models.map(({ text }) => text).join(', ')}.`;
  return drawSheet({ title: 'Confusion matrix', description, width, height }, shapes);
}

const MUTED = { x: 24, y: 50, style: 'muted small' } as const;

type Panel = { readonly x: number; readonly y: number; readonly cell: number; readonly isTurned: boolean };

function drawPanel({ labels, answers, counts, named }: ConfusionCounts, panel: Panel): readonly Shape[] {
  const { x, y, cell, isTurned } = panel;
  const heads = answers.map((name, column) => {
    const at = x + cell * (column + 0.5);
    return isTurned
      ? label(name, { x: at - 2, y: y - 6, style: 'small', turned: -45 }, NAME)
      : label(name, { x: at, y: y - 7, anchor: 'middle', style: 'small' }, NAME);
  });
  const rows = labels.flatMap((name, row) => {
    const place = { x: x - 8, y: y + cell * (row + 0.5) + 4, anchor: 'end', style: 'small' } as const;
    return [label(name, place, NAME), ...drawRow(counts[row] ?? [], { ...panel, row, named })];
  });
  return [...heads, ...rows];
}

type Row = Panel & { readonly row: number; readonly named: number };

function drawRow(counts: readonly number[], { x, y, cell, row, named }: Row): readonly Shape[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.flatMap((count, column) => {
    const share = total === 0 ? 0 : count / total;
    const isNamed = row < named || column < named;
    const [left, top] = [x + cell * column, y + cell * row];
    const fill = row === column ? (isNamed ? 'challenger-fill' : 'champion-fill') : 'wrong-fill';
    const inner = { x: left + 1, y: top + 1, width: cell - 2, height: cell - 2, rx: 3 };
    const middle = { x: left + cell / 2, anchor: 'middle' } as const;
    const ink = share > FULL ? ' on' : count === 0 ? ' muted' : '';
    const isRoomy = cell >= ROOM && total > 0;
    return [
      shape('rect', { ...inner, class: 'champion-fill', opacity: 0.08 }),
      shape('rect', { ...inner, class: fill, opacity: share > FULL ? 0.45 + 0.55 * share : share * 1.3 }),
      label(writeCount(count, cell), {
        ...middle,
        y: top + cell / 2 + (isRoomy ? -1 : 4),
        style: `small${ink}`,
      }),
      ...(isRoomy
        ? [label(writeShare(share), { ...middle, y: top + cell / 2 + 13, style: `tiny${ink}` })]
        : []),
    ];
  });
}

function writeCount(count: number, cell: number): string {
  if (String(count).length * LETTER <= cell - 6) return String(count);
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)}M` : `${Math.round(count / 1e3)}k`;
}

function writeShare(share: number): string {
  const percent = 100 * share;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}
