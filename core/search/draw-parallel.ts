import { showValue } from './describe-progress.ts';
import type { SearchResult, SearchTrial } from './search-result.ts';
import { drawFrame, drawPath, drawText } from './svg.ts';

const COLUMN = 140;
const HEIGHT = 360;
const TOP = 60;
const BOTTOM = 40;

type Value = string | number | boolean;
/** One upright line: where values lie on it from 0 (below) to 1, and what stands at its ends. */
type Axis = {
  readonly name: string;
  readonly place: (trial: SearchTrial) => number;
  readonly ends: readonly [low: string, high: string];
};

/** A line for each trial through its parameters and its value, the better the darker, as SVG. */
export function drawParallel({ trials, metric, direction }: SearchResult): string {
  const complete = trials.filter(({ state, value }) => state === 'complete' && value !== null);
  const names = Object.keys(complete[0]?.parameters ?? {});
  const goal = toAxis(metric, complete, ({ value }) => value ?? 0);
  const axes = [
    ...names.map((name) => toAxis(name, complete, ({ parameters }) => parameters[name] ?? 0)),
    goal,
  ];
  const width = COLUMN * (axes.length + 1);
  const xOf = (index: number) => COLUMN * (index + 1);
  const yOf = (place: number) => HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM);
  const merit = (trial: SearchTrial) =>
    direction === 'maximize' ? goal.place(trial) : 1 - goal.place(trial);
  const lines = complete
    .toSorted((left, right) => merit(left) - merit(right))
    .map((trial) => {
      const points = axes.map(({ place }, index) => [xOf(index), yOf(place(trial))] as const);
      const opacity = (0.15 + 0.85 * merit(trial)).toFixed(2);
      return drawPath(points, `stroke="#0969da" stroke-width="1.5" stroke-opacity="${opacity}"`);
    });
  const frames = axes.flatMap(({ name, ends }, index) => [
    drawPath([[xOf(index), yOf(0)] as const, [xOf(index), yOf(1)] as const], 'stroke="#57606a"'),
    drawText({ x: xOf(index), y: TOP - 22, text: name, anchor: 'middle' }),
    drawText({ x: xOf(index), y: TOP - 6, text: ends[1], anchor: 'middle' }),
    drawText({ x: xOf(index), y: HEIGHT - BOTTOM + 18, text: ends[0], anchor: 'middle' }),
  ]);
  return drawFrame('Parameters and value of each trial', { width, height: HEIGHT }, [...lines, ...frames]);
}

/** Numbers by their size, on a logarithmic scale where they span more than two magnitudes; others by their order. */
function toAxis(name: string, trials: readonly SearchTrial[], read: (trial: SearchTrial) => Value): Axis {
  const values = trials.map(read);
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length) {
    const kinds = [...new Set(values.map(String))].toSorted();
    const last = Math.max(1, kinds.length - 1);
    const place = (trial: SearchTrial) => kinds.indexOf(String(read(trial))) / last;
    return { name, place, ends: [kinds[0] ?? '', kinds.at(-1) ?? ''] };
  }
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const isWide = low > 0 && high / low > 100;
  const measure = (value: number) => (isWide ? Math.log(value) : value);
  const range = measure(high) - measure(low);
  const place = (trial: SearchTrial) =>
    range === 0 ? 0.5 : (measure(Number(read(trial))) - measure(low)) / range;
  return { name, place, ends: numbers.length === 0 ? ['', ''] : [showValue(low), showValue(high)] };
}
