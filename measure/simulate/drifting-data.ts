import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { normalCdf, normalQuantile } from '../../core/statistics/distributions/normal.ts';
import type { Draws } from './draws.ts';
import { ALL_KNOWN, simulatedProfile, simulatedWindow } from './simulated-model.ts';

const BINS = 10;
const DAY_MS = 86_400_000;
const EDGES: readonly number[] = Array.from({ length: BINS - 1 }, (_, index) =>
  normalQuantile((index + 1) / BINS),
);
const NAMES: readonly string[] = Array.from({ length: 19 }, (_, index) => `f${index}`);

/** How many histograms are judged: 19 features and the prediction. */
export const FEATURES = NAMES.length + 1;

const REFERENCE_DAYS = 28;

/** How days differ: the mean of each feature wanders by `wobble` standard deviations; `shift` moves the first one's for good. */
export type DayKind = { readonly rows: number; readonly wobble: number; readonly shift: number };

/** A profile of standard normal features from 28 days of `rowsPerDay` rows that wander as live days will. */
export function drawProfile(draws: Draws, rowsPerDay: number, wobble: number): ReferenceProfile {
  const drawFeature = (name: string) => {
    const blocks = Array.from({ length: REFERENCE_DAYS }, () =>
      drawBins(draws, rowsPerDay, wobble * draws.normal()),
    );
    const counts = EDGES.concat(0).map((_, bin) => blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0));
    return { name, kind: 'numeric' as const, edges: [...EDGES], counts, missing: 0, blocks };
  };
  const { counts, blocks, edges } = drawFeature('prediction');
  return simulatedProfile({
    rows: rowsPerDay * REFERENCE_DAYS,
    features: NAMES.map(drawFeature),
    prediction: { kind: 'numeric', edges, counts, blocks },
  });
}

/** One live day. */
export function drawDay(draws: Draws, day: number, { rows, wobble, shift }: DayKind): CaptureWindow {
  const counts = (extra: number) => drawBins(draws, rows, extra + wobble * draws.normal());
  return simulatedWindow(day, DAY_MS, {
    n: rows,
    features: Object.fromEntries(
      NAMES.map((name, index) => [name, { counts: counts(index === 0 ? shift : 0), ...ALL_KNOWN }]),
    ),
    prediction: { counts: counts(0) },
  });
}

/** The shift of the mean, in standard deviations, that has this stability index on the ten bins. */
export function shiftOf(index: number): number {
  const indexAt = (shift: number) =>
    sharesOf(shift).reduce((sum, share) => sum + (share - 1 / BINS) * Math.log(share * BINS), 0);
  let [low, high] = [0, 3];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (indexAt(middle) < index) low = middle;
    else high = middle;
  }
  return low;
}

function drawBins(draws: Draws, rows: number, mean: number): number[] {
  return draws.multinomial(rows, sharesOf(mean));
}

function sharesOf(mean: number): readonly number[] {
  const below = [...EDGES.map((edge) => normalCdf(edge - mean)), 1];
  return below.map((share, index) => share - (below[index - 1] ?? 0));
}
