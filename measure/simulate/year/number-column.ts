import { normalCdf } from '../../../core/statistics/distributions/normal.ts';
import type { Draws } from '../draws.ts';
import type { DrawnColumn, HoldoutDay } from './column.ts';

const BINS = 10;

/**
 * A column of standard normal numbers, profiled as `runtime/trainyard/binning.py` does: bins between the tenths of the holdout, its range
 * from its smallest to its largest. `missing` is the share of rows without a value.
 */
export function drawNumberColumn(
  draws: Draws,
  {
    name,
    missing,
    days,
  }: { readonly name: string; readonly missing: number; readonly days: readonly HoldoutDay[] },
): DrawnColumn {
  const byDay = days.map(({ rows, tilt }) =>
    Array.from({ length: rows - draws.binomial(rows, missing) }, () => tilt + draws.normal()),
  );
  const sorted = Float64Array.from(byDay.flat()).sort();
  const edges = cutTenths(sorted);
  const blocks = byDay.map((values) => countInto(edges, values));
  const counts = blocks.reduce((sum, block) => sum.map((count, bin) => count + (block[bin] ?? 0)));
  const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const rows = days.reduce((sum, day) => sum + day.rows, 0);
  const range = { min, max, missing: rows - sorted.length };
  return {
    feature: { name, kind: 'numeric', edges, counts, blocks, ...range },
    liveAt: (tilt) => {
      const shares = sharesBetween([min, ...edges, max], tilt);
      return (live, random) => {
        const absent = random.binomial(live, missing);
        const cells = random.multinomial(live - absent, shares);
        const [below, above] = [cells[0] ?? 0, cells.at(-1) ?? 0];
        const inside = cells.slice(1, -1);
        inside[0] = (inside[0] ?? 0) + below;
        inside[BINS - 1] = (inside[BINS - 1] ?? 0) + above;
        return { counts: inside, missing: absent, below, above, unseen: 0 };
      };
    },
  };
}

/** Edges halfway between the last value of each tenth and the next one. */
function cutTenths(sorted: Float64Array): number[] {
  return Array.from({ length: BINS - 1 }, (_, index) => {
    const last = Math.ceil(((index + 1) * sorted.length) / BINS) - 1;
    return ((sorted[last] ?? 0) + (sorted[last + 1] ?? 0)) / 2;
  });
}

function countInto(edges: readonly number[], values: readonly number[]): number[] {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const value of values) {
    const found = edges.findIndex((edge) => value <= edge);
    const bin = found < 0 ? BINS - 1 : found;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** The shares of normal numbers with this mean below the first edge, between each two, and above the last. */
function sharesBetween(edges: readonly number[], mean: number): readonly number[] {
  const below = [...edges.map((edge) => normalCdf(edge - mean)), 1];
  return below.map((share, index) => share - (below[index - 1] ?? 0));
}
