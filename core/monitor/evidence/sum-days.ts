import { type CaptureWindow, hasTimes, mergeWindows } from '../../drift/window.ts';
import { dayOf } from '../../report/format-day.ts';
import { sumOf } from '../../statistics/sum-of.ts';

/**
 * What all hosts counted on one day (UTC): `rows` predictions and `refused` requests, `invalid` of the predictions not usable. `cells` are
 * the values that came with them, of which so many were missing, outside of the range of training, or of a category that it never saw.
 */
export type DaySums = {
  readonly day: string;
  readonly rows: number;
  readonly invalid: number;
  readonly refused: number;
  readonly cells: number;
  readonly missing: number;
  readonly outside: number;
  readonly unseen: number;
};

/** Windows added up by day, the oldest first; each window once. What is counted by a name in `derived` is no value that came. */
export function sumDays(windows: readonly CaptureWindow[], derived: ReadonlySet<string>): readonly DaySums[] {
  const byDay = Map.groupBy(mergeWindows(windows.filter(hasTimes)), ({ from }) => dayOf(from));
  return [...byDay]
    .map(([day, ofDay]) => sumDay(day, ofDay, derived))
    .toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

/** The share of the values of these days that lie outside of the range of training; 0 where none came. */
export function outsideShare(days: readonly DaySums[]): number {
  const cells = sumOf(days.map((day) => day.cells));
  return cells === 0 ? 0 : sumOf(days.map(({ outside }) => outside)) / cells;
}

function sumDay(day: string, windows: readonly CaptureWindow[], derived: ReadonlySet<string>): DaySums {
  const sums = { rows: 0, invalid: 0, refused: 0, cells: 0, missing: 0, outside: 0, unseen: 0 };
  for (const { n, invalid, refused, features } of windows) {
    sums.rows += n;
    sums.invalid += invalid;
    sums.refused += refused;
    for (const [name, { missing, below, above, unseen }] of Object.entries(features)) {
      if (derived.has(name)) continue;
      sums.cells += n;
      sums.missing += missing;
      sums.outside += below + above;
      sums.unseen += unseen;
    }
  }
  return { day, ...sums };
}
