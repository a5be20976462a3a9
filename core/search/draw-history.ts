import { showValue } from './describe-progress.ts';
import type { SearchResult } from './search-result.ts';
import { drawFrame, drawPath, drawText, round, type Size } from './svg.ts';

const SIZE: Size = { width: 640, height: 320 };
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
  const bests: (readonly [number, number])[] = [];
  for (const { number, value, state } of shown) {
    if (state === 'pruned') continue;
    const better = best === undefined || (direction === 'maximize' ? value > best : value < best);
    if (better) best = value;
    bests.push([x(number), y(best ?? value)]);
  }
  return drawFrame(`${metric} of each trial`, SIZE, [
    ...(values.length === 0
      ? []
      : [scale(showValue(highest), y(highest)), scale(showValue(lowest), y(lowest))]),
    drawText({ x: SIZE.width / 2, y: SIZE.height - 10, text: 'trial', anchor: 'middle' }),
    drawPath(bests, 'stroke="#0969da" stroke-width="2"'),
    ...shown.map(
      ({ number, value, state }) =>
        `<circle cx="${round(x(number))}" cy="${round(y(value))}" r="3" fill="${state === 'pruned' ? '#afb8c1' : '#57606a'}"/>`,
    ),
  ]);
}

function scale(text: string, y: number): string {
  return drawText({ x: LEFT - 10, y: y + 4, text, anchor: 'end' });
}
