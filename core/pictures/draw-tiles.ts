import type { ImportanceFrame } from './draw-importances.ts';
import { drawKey, type KeyEntry, keyHeight } from './model-key.ts';
import { drawSheet, label, type Shape, shape } from './svg.ts';

/** A picture's tiles row by row, what each is worth to both models; null for one that had no turn. */
type Panel = {
  readonly title: string;
  /** Tiles down and across. */
  readonly grid: readonly [down: number, across: number];
  readonly challenger: readonly (number | null)[];
  readonly champion: readonly (number | null)[] | undefined;
};

const SIDE = 140;
const GAP = 24;
const TOP = 96;
const HEAD = 24;
const COLUMNS = 4;

/** Where in a picture both models look, the darker the more; each panel has a scale of its own, from nothing to its largest tile. */
export function drawTiles({ title, note, names }: ImportanceFrame, panels: readonly Panel[]): string {
  const maps = panels.flatMap(({ title: part, grid, ...values }) =>
    names.map(({ who }) => ({ who, title: `${part}, ${who}`, grid, values: values[who] ?? [] })),
  );
  // Both models of a part stand beside each other.
  const columns = names.length === 1 ? COLUMNS : COLUMNS - (COLUMNS % names.length);
  const step = SIDE + GAP + 30;
  const top = TOP + keyHeight(names);
  const drawn = maps.flatMap((map, index) =>
    drawMap(map, 24 + (index % columns) * step, top + Math.floor(index / columns) * (SIDE + HEAD + GAP)),
  );
  const shapes = [
    label(title, { x: 24, y: 30, style: 'head' }),
    label(note, { x: 24, y: 50, style: 'muted small' }, 130),
    label('The fuller a tile, the more; each map from nothing to its own largest.', {
      x: 24,
      y: 68,
      style: 'muted small',
    }),
    ...drawKey(names, 24, 92),
    ...drawn,
  ];
  const height = top + Math.ceil(maps.length / columns) * (SIDE + HEAD + GAP) + 10;
  const description = `${note} ${maps.length} maps of where in a picture it lies.`;
  return drawSheet({ title, description, width: 820, height }, shapes);
}

type TileMap = {
  readonly who: KeyEntry['who'];
  readonly title: string;
  readonly grid: readonly [down: number, across: number];
  readonly values: readonly (number | null)[];
};

function drawMap({ who, title, grid, values }: TileMap, x: number, y: number): readonly Shape[] {
  const [down, across] = grid;
  const most = Math.max(0, ...values.map((value) => value ?? 0));
  const [width, height] = [SIDE / Math.max(1, across), SIDE / Math.max(1, down)];
  const tiles = values.slice(0, down * across).flatMap((value, place) => {
    const share = most > 0 ? Math.max(0, value ?? 0) / most : 0;
    if (share === 0) return [];
    // The side of a tile says what its colour says, so that nobody has to tell shades apart.
    const size = Math.sqrt(share);
    const [column, row] = [place % across, Math.floor(place / across)];
    return [
      shape('rect', {
        x: x + (column + (1 - size) / 2) * width,
        y: y + HEAD + (row + (1 - size) / 2) * height,
        ...{ width: size * width, height: size * height },
        class: `${who}-fill`,
      }),
    ];
  });
  return [
    label(title, { x, y: y + 14, style: 'small' }, 28),
    shape('rect', { x, y: y + HEAD, width: SIDE, height: SIDE, class: 'axis' }),
    ...tiles,
  ];
}
