import { drawSheet, label, type Shape, shape } from '../pictures/svg.ts';
import { showValue } from './describe-progress.ts';
import type { SearchResult } from './search-result.ts';

const SIZE = { width: 640, height: 320 };
const LEFT = 70;
const TOP = 40;
const RIGHT = 20;
const BOTTOM = 40;

/** The value of each trial, by its number, and the best up to it, as SVG. */
export function drawHistory({ trials, metric, direction }: SearchResult): string {
  const shown = trials
    .flatMap(({ number, value, state }) => (value === null ? [] : [{ number, value, state }]))
    .toSorted((left, right) => left.number - right.number);
  const values = shown.map(({ value }) => value);
  const [lowest, highest] = [Math.min(...values, Infinity), Math.max(...values, -Infinity)];
  const last = Math.max(1, ...shown.map(({ number }) => number));
  const x = (number: number) => LEFT + ((SIZE.width - LEFT - RIGHT) * number) / last;
  const y = (value: number) =>
    highest === lowest
      ? SIZE.height / 2
      : SIZE.height - BOTTOM - ((SIZE.height - TOP - BOTTOM) * (value - lowest)) / (highest - lowest);
  let best: number | undefined;
  const bests: string[] = [];
  for (const { number, value, state } of shown) {
    if (state === 'pruned') continue;
    const better = best === undefined || (direction === 'maximize' ? value > best : value < best);
    if (better) best = value;
    bests.push(`${x(number).toFixed(1)},${y(best ?? value).toFixed(1)}`);
  }
  const title = `${metric} of each trial`;
  const description = `${title}, pruned ones paler, and the best up to each as a line.`;
  return drawSheet({ title, description, ...SIZE }, [
    label(title, { x: SIZE.width / 2, y: 20, anchor: 'middle', style: 'strong' }),
    ...(values.length === 0
      ? []
      : [scale(showValue(highest), y(highest)), scale(showValue(lowest), y(lowest))]),
    label('trial', { x: SIZE.width / 2, y: SIZE.height - 10, anchor: 'middle' }),
    shape('polyline', { points: bests.join(' '), class: 'challenger' }),
    ...shown.map(({ number, value, state }) =>
      shape('circle', {
        ...{ cx: x(number), cy: y(value), r: 3, class: 'champion-fill' },
        opacity: state === 'pruned' ? 0.5 : 1,
      }),
    ),
  ]);
}

function scale(text: string, y: number): Shape {
  return label(text, { x: LEFT - 10, y: y + 4, anchor: 'end' });
}
