import { drawSheet, label, type Shape, shape } from '../pictures/svg.ts';
import { showValue } from './describe-progress.ts';
import type { SearchResult, SearchTrial } from './search-result.ts';

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
      return drawThrough(points, { class: 'challenger', 'stroke-opacity': opacity });
    });
  const frames = axes.flatMap(({ name, ends }, index) => [
    shape('line', { x1: xOf(index), x2: xOf(index), y1: yOf(0), y2: yOf(1), class: 'axis' }),
    label(name, { x: xOf(index), y: TOP - 22, anchor: 'middle' }),
    label(ends[1], { x: xOf(index), y: TOP - 6, anchor: 'middle' }),
    label(ends[0], { x: xOf(index), y: HEIGHT - BOTTOM + 18, anchor: 'middle' }),
  ]);
  const title = 'Parameters and value of each trial';
  const description = `A line for each of ${complete.length} trials through ${names.length} parameters and ${metric}; the better the darker.`;
  return drawSheet({ title, description, width, height: HEIGHT }, [
    label(title, { x: width / 2, y: 20, anchor: 'middle', style: 'strong' }),
    ...lines,
    ...frames,
  ]);
}

function drawThrough(
  points: readonly (readonly [x: number, y: number])[],
  style: { readonly class: string; readonly 'stroke-opacity': string },
): Shape {
  const shown = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  return shape('polyline', { points: shown.join(' '), ...style });
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
