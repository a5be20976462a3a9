import { drawKey, type KeyEntry, keyHeight } from './model-key.ts';
import { ticksOf } from './plot.ts';
import { drawSheet, label, type Shape, shape } from './svg.ts';

/** What a picture of importances is called, what they are, and whose they are. */
export type ImportanceFrame = {
  readonly title: string;
  readonly note: string;
  readonly names: readonly KeyEntry[];
};

/** The inputs of all rows or of some, what each is worth to both models, and how many more there are. */
type Bars = {
  readonly title: string;
  readonly rows: number;
  readonly features: readonly {
    readonly name: string;
    readonly challenger: number | undefined;
    readonly champion: number | undefined;
  }[];
  readonly rest: number;
  readonly write: (value: number) => string;
};

const WIDTH = 820;
const PLOT = { x: 250, width: 420 };
const ROW = 34;
const HEAD = 34;
const NAME = 32;
/** The challenger's bar is the thicker one, so that nobody has to tell them by colour. */
const THICK = { challenger: 11, champion: 6 } as const;

/** Bars from a common zero, the challenger's above the champion's, in groups below each other that share one scale. */
export function drawImportances({ title, note, names }: ImportanceFrame, groups: readonly Bars[]): string {
  const values = groups.flatMap(({ features }) =>
    features.flatMap(({ challenger, champion }) => [challenger ?? 0, champion ?? 0]),
  );
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const toX = (value: number): number =>
    high > low ? PLOT.x + (PLOT.width * (value - low)) / (high - low) : PLOT.x;
  const begin = 84 + keyHeight(names);
  let top = begin;
  const drawn = groups.flatMap((group) => {
    const shapes = drawGroup(group, top, toX);
    top += HEAD + ROW * group.features.length + (group.rest > 0 ? 16 : 0);
    return shapes;
  });
  const write = groups[0]?.write ?? String;
  const ticks = ticksOf([low, high]).flatMap((value) => [
    shape('line', { x1: toX(value), x2: toX(value), y1: begin, y2: top, class: 'grid' }),
    label(value === 0 ? '0' : write(value), {
      x: toX(value),
      y: top + 16,
      anchor: 'middle',
      style: 'muted tiny',
    }),
  ]);
  const shapes = [
    label(title, { x: 24, y: 30, style: 'head' }),
    label(note, { x: 24, y: 50, style: 'muted small' }, 130),
    ...drawKey(names, 24, 74),
    ...ticks,
    shape('line', { x1: toX(0), x2: toX(0), y1: begin, y2: top, class: 'axis' }),
    ...drawn,
  ];
  const description = `${note} ${groups.length} groups of inputs, from the most to the least.`;
  return drawSheet({ title, description, width: WIDTH, height: top + 34 }, shapes);
}

function drawGroup(
  { title, rows, features, rest, write }: Bars,
  top: number,
  toX: (value: number) => number,
): readonly Shape[] {
  const bottom = top + HEAD + ROW * features.length;
  return [
    label(`${title} (${rows})`, { x: 24, y: top + 22, style: 'strong' }, 90),
    ...features.flatMap(({ name, ...values }, index) => {
      const y = top + HEAD + ROW * index;
      return [
        label(name, { x: PLOT.x - 10, y: y + 14, anchor: 'end', style: 'small' }, NAME),
        ...(['challenger', 'champion'] as const).flatMap((who) =>
          drawBar({ who, value: values[who], y: who === 'challenger' ? y + 2 : y + 17 }, toX, write),
        ),
      ];
    }),
    ...(rest > 0 ? [label(`and ${rest} more`, { x: 24, y: bottom + 10, style: 'muted small' })] : []),
  ];
}

type Bar = { readonly who: KeyEntry['who']; readonly value: number | undefined; readonly y: number };

function drawBar(
  { who, value, y }: Bar,
  toX: (value: number) => number,
  write: (value: number) => string,
): readonly Shape[] {
  if (value === undefined) return [];
  const [from, to] = [Math.min(toX(0), toX(value)), Math.max(toX(0), toX(value))];
  const height = THICK[who];
  return [
    shape('rect', { x: from, y, width: Math.max(1, to - from), height, class: `${who}-fill` }),
    label(write(value), { x: to + 6, y: y + height / 2 + 4, style: 'tiny' }),
  ];
}
