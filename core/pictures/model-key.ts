import { label, type Shape, shape } from './svg.ts';

/** Whose values are drawn: its style, and where it stands. */
export type Who = 'champion' | 'challenger';

/** What one model is called in the key of a picture, and its numbers in words. */
export type KeyEntry = { readonly who: Who; readonly text: string };

const ROW = 18;

/** How much room a key takes. */
export function keyHeight(entries: readonly KeyEntry[]): number {
  return ROW * entries.length;
}

/** The models of a picture, one below the other, each with its line and its mark. */
export function drawKey(entries: readonly KeyEntry[], x: number, y: number): readonly Shape[] {
  return entries.flatMap(({ who, text }, index) => {
    const middle = y + ROW * index;
    return [
      shape('line', { x1: x, x2: x + 28, y1: middle - 4, y2: middle - 4, class: who }),
      drawMark(who, x + 14, middle - 4),
      label(text, { x: x + 36, y: middle, style: 'small' }, 150),
    ];
  });
}

/** A model's mark: the champion's is a diamond, the challenger's a disc. */
export function drawMark(who: Who, x: number, y: number): Shape {
  const style = `${who}-fill`;
  if (who === 'challenger') return shape('circle', { cx: x, cy: y, r: 4, class: style });
  const points = [
    [x, y - 5],
    [x + 5, y],
    [x, y + 5],
    [x - 5, y],
  ];
  const places = points.map((point) => point.map((value) => Math.round(10 * value) / 10).join(','));
  return shape('polygon', { points: places.join(' '), class: style });
}
