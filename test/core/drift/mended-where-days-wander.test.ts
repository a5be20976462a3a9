import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { followFeature, startTrack, type Track } from '../../../core/drift/judge-feature.ts';
import type { JudgedFeature } from '../../../core/drift/judged-feature.ts';
import { type Draws, makeDraws } from '../../../measure/simulate/draws.ts';
import { FIRST_DAY } from './drift-data.ts';

const BINS = 10;
const REFERENCE_DAYS = 28;
const RUNS = 20;
const SHIFTED_DAYS = 30;
const DAY_MS = 86_400_000;

/** Days of so many rows that lean to the last bins, by a normal of this deviation on usual ones, and by `lean` more once shifted. */
type Days = { readonly rows: number; readonly wander: number; readonly lean: number };

function drawDay(draws: Draws, { rows, wander }: Days, lean: number): number[] {
  const by = lean + wander * draws.normal();
  const weights = Array.from({ length: BINS }, (_, bin) => Math.exp((by * (bin - 4.5)) / 2.87));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return draws.multinomial(
    rows,
    weights.map((weight) => weight / total),
  );
}

function drawFeature(draws: Draws, kind: Days): JudgedFeature {
  const blocks = Array.from({ length: REFERENCE_DAYS }, () => drawDay(draws, kind, 0));
  const reference = Array.from({ length: BINS }, (_, bin) =>
    blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0),
  );
  return { name: 'x', kind: 'numeric', isOrdered: true, reference, blocks, binNames: reference.map(String) };
}

/** Whether it was told after each of these days, of which `isShifted` says which are. */
function follow(draws: Draws, kind: Days, days: number, isShifted: (day: number) => boolean): boolean[] {
  const feature = drawFeature(draws, kind);
  const limits = { ...DEFAULT_DRIFT_OPTIONS, feature, features: 21 };
  let track: Track = startTrack(feature, DEFAULT_DRIFT_OPTIONS);
  return Array.from({ length: days }, (_, day) => {
    const [from = '', to = ''] = [day, day + 1].map((at) => new Date(FIRST_DAY + at * DAY_MS).toISOString());
    const counts = drawDay(draws, kind, isShifted(day) ? kind.lean : 0);
    track = followFeature(track, { from, to, rows: kind.rows, counts }, limits);
    return track.told !== undefined;
  });
}

describe('a shift of a feature whose usual days wander', () => {
  it.each([
    { rows: 5_000, wander: 0.1, lean: 0.5, within: 7 },
    { rows: 5_000, wander: 0.3, lean: 1, within: 14 },
    { rows: 1_000, wander: 0.2, lean: 0.4, within: 49 },
    { rows: 1_000, wander: 0.25, lean: 0.6, within: 49 },
  ])('is over within $within days of its mend: $rows rows, $wander by $lean', ({ within, ...kind }) => {
    const draws = makeDraws(`mended|${kind.rows}|${kind.wander}`);
    const ends = Array.from({ length: RUNS }, () =>
      follow(draws, kind, SHIFTED_DAYS + within, (day) => day < SHIFTED_DAYS),
    ).filter((told) => told[SHIFTED_DAYS - 1]);
    expect(ends.length).toBeGreaterThan(RUNS / 2);
    // A usual day in so many may raise an alarm of its own later.
    expect(ends.filter((told) => told.slice(SHIFTED_DAYS).every(Boolean))).toEqual([]);
  });

  it('is not taken for mended while it stays', () => {
    const draws = makeDraws('stays');
    const kind = { rows: 5_000, wander: 0.1, lean: 0.4 };
    for (let run = 0; run < RUNS; run += 1) {
      const told = follow(draws, kind, 200, () => true);
      expect(told.indexOf(true)).toBeLessThan(30);
      expect(told.slice(told.indexOf(true)).every(Boolean)).toBe(true);
    }
  });
});
