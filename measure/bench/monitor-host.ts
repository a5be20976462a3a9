import { mkdirSync } from 'node:fs';
import { databaseFile } from '../../agent/options/options.ts';
import { openStore, type Store } from '../../agent/store/store.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { toInstant } from '../../core/instant.ts';
import { sumOf } from '../../core/statistics/sum-of.ts';
import type { Draws } from '../simulate/draws.ts';
import { drawDay, drawProfile } from '../simulate/drifting-data.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What an agent has not made one of yet: windows of the last hours, and hours of the last two days. */
const [FINE_HOURS, HOURS_APART] = [7, 48];
const ROWS_A_DAY = 10_000;
/** Half of the answers are told later what was right, two days after; labels are kept for five weeks. */
const [LABELS_A_DAY, LABEL_DAYS] = [5_000, 33];
const BINS = 10;
/** Looks are kept for a week: one a minute, and one a tick in a rollout. */
const [KEPT_DAYS, ROLLOUT_MS, TICK_MS] = [7, 2 * HOUR_MS, 5_000];
/** The simulated model's. */
const [MODEL, VERSION] = ['simulated', '1'];

/** What a host is filled with, and up to when. */
type HostSize = { readonly days: number; readonly features: number };

/** A profile of as many features. */
export function drawWideProfile(draws: Draws, { features }: Pick<HostSize, 'features'>): ReferenceProfile {
  const draw = () => drawProfile(draws, ROWS_A_DAY / 10, 0.05);
  const columns = nameColumns(features, () => draw().features);
  return { ...draw(), features: columns.map(([name, column]) => ({ ...column, name })) };
}

/** Writes into this data folder what an agent has after so many days, up to `now` (ms since 1970), of a version that serves. */
export function fillHost(
  dataDir: string,
  draws: Draws,
  { days, features, now }: HostSize & { readonly now: number },
): void {
  mkdirSync(dataDir, { recursive: true });
  const store = openStore(databaseFile(dataDir));
  const [firstFine, firstHour] = [now - FINE_HOURS * HOUR_MS, now - HOURS_APART * HOUR_MS];
  const spans = [
    ...spread(firstHour - days * DAY_MS, firstHour, DAY_MS),
    ...spread(firstHour, firstFine, HOUR_MS),
    ...spread(firstFine, now, 5 * MINUTE_MS),
  ];
  store.transaction(() => {
    for (const { from, lengthMs } of spans)
      store.windows.add(drawWindow(draws, { from, lengthMs, features }));
    for (const { from } of [
      ...spread(now - KEPT_DAYS * DAY_MS, now - ROLLOUT_MS, MINUTE_MS),
      ...spread(now - ROLLOUT_MS, now, TICK_MS),
    ]) {
      const latency = { ...NO_COUNTS.latency, counts: drawLatency(draws) };
      const stable = { ...NO_COUNTS, requests: sumOf(latency.counts), latency };
      const seen = { stage: 0, weights: { candidate: 0 }, candidate: NO_COUNTS, stable };
      store.addObservation(MODEL, '', { host: 'serve', at: toInstant(from), seconds: 60, ...seen });
    }
  });
  const firstLabelled = now - Math.min(days, LABEL_DAYS) * DAY_MS;
  for (const { from } of spread(firstLabelled, now - 2 * DAY_MS, DAY_MS)) addLabels(store.labels, from);
  const traffic = { stable: VERSION, candidatePercent: 0, shadow: false, revision: 1 };
  store.putTraffic(MODEL, { traffic, setAt: toInstant(now) });
  store.close();
}

/** Labels of what was answered in the day that began then. */
function addLabels({ add, join }: Store['labels'], from: number): void {
  const labels = spread(from, from + DAY_MS, DAY_MS / LABELS_A_DAY).map((answered, index) => ({
    ...{ id: `${from}-${index}`, label: 'a', version: VERSION },
    ...{ predictedAt: toInstant(answered.from), bin: index % BINS, correct: index % 9 > 0 },
  }));
  add(MODEL, toInstant(from + 2 * DAY_MS), labels);
  join(MODEL, labels);
}

function spread(from: number, to: number, lengthMs: number) {
  return Array.from({ length: Math.floor((to - from) / lengthMs) }, (_, index) => ({
    from: from + index * lengthMs,
    lengthMs,
  }));
}

/** What was counted in such a stretch. */
function drawWindow(
  draws: Draws,
  {
    from,
    lengthMs,
    features,
  }: { readonly from: number; readonly lengthMs: number; readonly features: number },
): Omit<CaptureWindow, 'seq' | 'hostId'> {
  const rows = Math.round((ROWS_A_DAY * lengthMs) / DAY_MS);
  const draw = () => drawDay(draws, 0, { rows, wobble: 0.05, shift: 0 });
  const { seq: _seq, hostId: _hostId, ...window } = draw();
  const columns = nameColumns(features, () => Object.values(draw().features));
  return {
    ...window,
    ...{ from: toInstant(from), to: toInstant(from + lengthMs) },
    features: Object.fromEntries(columns),
    ...(lengthMs > 5 * MINUTE_MS && {
      hours: draws.multinomial(
        rows,
        Array.from({ length: 24 }, () => 1 / 24),
      ),
    }),
  };
}

/** So many columns of those that are drawn, a handful at a time, each with its name. */
function nameColumns<T>(count: number, draw: () => readonly T[]): readonly (readonly [string, T])[] {
  const columns: T[] = [];
  while (columns.length < count) columns.push(...draw());
  return columns.slice(0, count).map((column, index) => [`column_${index}`, column]);
}

/** Answers of a minute by bucket of latency. */
function drawLatency(draws: Draws): number[] {
  const buckets = NO_COUNTS.latency.counts.length;
  const shares = Array.from({ length: buckets }, (_, bucket) => Math.exp(-(((bucket - 25) / 4) ** 2)));
  return draws.multinomial(
    Math.round(ROWS_A_DAY / 1_440),
    shares.map((share) => share / sumOf(shares)),
  );
}
