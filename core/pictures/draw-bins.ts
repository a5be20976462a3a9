import { formatPercent } from '../report/format-number.ts';
import type { Markup } from '../report/html.ts';
import { PICTURE_WIDTH } from './draw-days.ts';
import { embedSheet, label, type Shape, shape } from './svg.ts';

/** One bin: what it holds, in words, and the shares of all rows that it had and has. */
export type SharedBin = { readonly name: string; readonly reference: number; readonly observed: number };

/** Bins before and now. `isOrdered` ones stand beside each other, others below; `moved` is the place of the one that changed most. */
export type BinsFigure = {
  readonly description: string;
  readonly bins: readonly SharedBin[];
  readonly isOrdered: boolean;
  readonly moved: number | undefined;
};

const LEFT = 8;
const INNER = PICTURE_WIDTH - 2 * LEFT;
const BARS = 74;
const TOP = 18;
const ROW = 21;
const NAME = 17;
const NAME_WIDTH = 112;
const SHARE_WIDTH = 84;
const LONGEST_EDGE = 16;

/** Shares of bins: a wide pale bar as it was in training, a narrow full one as it is now, so that no colour is needed to tell them. */
export function drawBins(figure: BinsFigure): Markup {
  const most = Math.max(0.001, ...figure.bins.flatMap(({ reference, observed }) => [reference, observed]));
  return figure.isOrdered ? drawColumns(figure, most) : drawRows(figure, most);
}

function drawColumns({ description, bins, moved }: BinsFigure, most: number): Markup {
  const step = INNER / Math.max(1, bins.length);
  const bottom = TOP + BARS;
  const shapes = bins.flatMap(({ reference, observed }, index) => {
    const x = LEFT + step * index;
    const [before, now] = [(BARS * reference) / most, (BARS * observed) / most];
    const wide = { x: x + step * 0.08, width: step * 0.84 };
    const narrow = { x: x + step * 0.3, width: step * 0.4 };
    return [
      shape('rect', { ...wide, y: bottom - before, height: before, class: 'champion-fill', opacity: 0.35 }),
      shape('rect', { ...narrow, y: bottom - now, height: now, class: fillOf(index, moved) }),
    ];
  });
  const axis = shape('line', { x1: LEFT, x2: LEFT + INNER, y1: bottom, y2: bottom, class: 'axis' });
  const edge = { y: bottom + 14, style: 'muted tiny' } as const;
  const ends = [
    label(bins[0]?.name ?? '', { ...edge, x: LEFT }, LONGEST_EDGE),
    label(bins.at(-1)?.name ?? '', { ...edge, x: LEFT + INNER, anchor: 'end' }, LONGEST_EDGE),
  ];
  const shapesAll = [...shapes, axis, ...ends, ...nameMoved({ bins, moved, most, step })];
  return embedSheet({ description, width: PICTURE_WIDTH, height: bottom + 20 }, shapesAll);
}

type Moved = Pick<BinsFigure, 'bins' | 'moved'> & { readonly most: number; readonly step: number };

function nameMoved({ bins, moved, most, step }: Moved): readonly Shape[] {
  const bin = moved === undefined ? undefined : bins[moved];
  if (moved === undefined || bin === undefined) return [];
  const x = LEFT + step * (moved + 0.5);
  const anchor = x < PICTURE_WIDTH / 3 ? 'start' : x > (2 * PICTURE_WIDTH) / 3 ? 'end' : 'middle';
  const y = TOP + BARS * (1 - Math.max(bin.reference, bin.observed) / most) - 5;
  const text = `${formatPercent(bin.reference)} → ${formatPercent(bin.observed)}`;
  const at = anchor === 'start' ? x - step / 2 : anchor === 'end' ? x + step / 2 : x;
  return [label(text, { x: at, y, anchor, style: 'strong small' })];
}

function drawRows({ description, bins, moved }: BinsFigure, most: number): Markup {
  const width = INNER - NAME_WIDTH - SHARE_WIDTH;
  const shapes = bins.flatMap(({ name, reference, observed }, index) => {
    const y = 4 + ROW * index;
    const x = LEFT + NAME_WIDTH;
    const said = `${formatPercent(reference)} → ${formatPercent(observed)}`;
    const style = index === moved ? 'strong small' : 'muted small';
    return [
      label(name, { x: x - 8, y: y + 13, anchor: 'end', style: 'small' }, NAME),
      shape('rect', {
        ...{ x, y: y + 1, width: (width * reference) / most, height: 16 },
        ...{ class: 'champion-fill', opacity: 0.35 },
      }),
      shape('rect', {
        x,
        y: y + 6,
        width: (width * observed) / most,
        height: 6,
        class: fillOf(index, moved),
      }),
      label(said, { x: PICTURE_WIDTH - LEFT, y: y + 13, anchor: 'end', style }),
    ];
  });
  return embedSheet({ description, width: PICTURE_WIDTH, height: 8 + ROW * bins.length }, shapes);
}

function fillOf(index: number, moved: number | undefined): string {
  return index === moved ? 'wrong-fill' : 'challenger-fill';
}
