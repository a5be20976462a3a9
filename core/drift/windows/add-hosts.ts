import { epochMs, isAfter, isBefore } from '../../instant.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from '../window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Windows up to so long are added up by five minutes, as they are checked; those that tell hours, by the hour they began in. */
const SHORT_MS = 10 * MINUTE_MS;
const CHECK_MS = 5 * MINUTE_MS;
/** More of one host would not be counted exactly in the sum of a thousand. */
const MOST_ROWS = 2 ** 43;

/** What many hosts counted, added up host by host: as much is held as one of them has, however many there are. */
export type HostsCounts = {
  /** Adds all windows of one host. One that was added before, from another address of that host say, counts once. */
  readonly add: (windows: readonly CaptureWindow[]) => void;
  /** The sums so far, each under the name of the first window that is in it. */
  readonly windows: () => readonly CaptureWindow[];
};

/** What may be added to in place: windows by the thousand are made and thrown away otherwise. */
type Counts<T> = {
  -readonly [K in keyof T]: NonNullable<T[K]> extends readonly number[] ? number[] : T[K];
};
type Sum = Counts<Omit<CaptureWindow, 'features' | 'prediction'>> & {
  features: Record<string, Counts<CaptureWindow['features'][string]>>;
  prediction: Counts<CaptureWindow['prediction']>;
};

/**
 * Adds hosts' windows up where these are alike: of one version and one cycle of drift, begun in the same five minutes (of folded ones: the same hour), and
 * counted in the same bins. Drift, what can't wait a day, silence and labels are judged of the sums as of all windows. What can't be right is kept
 * apart, so that it is told of, and spoils nobody else's.
 */
export function addHosts(cycleSeconds: number): HostsCounts {
  const sums = new Map<string, Sum[]>();
  const apart: CaptureWindow[] = [];
  const known = new Set<string>();
  const addOne = (window: CaptureWindow) => {
    const cycle = Math.floor(epochMs(window.from) / (1_000 * cycleSeconds));
    const key = `${cycle}\n${stretchOf(window)}`;
    const alike = sums.get(key)?.find((sum) => isAlike(sum, window));
    if (alike === undefined) sums.set(key, [...(sums.get(key) ?? []), copyOf(window)]);
    else addTo(alike, window);
  };
  return {
    add: (windows) => {
      const fresh = windows.filter((window) => !known.has(nameOf(window)));
      for (const window of fresh) known.add(nameOf(window));
      apart.push(...fresh.filter((window) => !canBeAdded(window)));
      for (const window of mergeWindows(fresh.filter(canBeAdded))) addOne(window);
    },
    windows: () => [...apart, ...[...sums.values()].flat()],
  };
}

function nameOf({ hostId, model, version, seq }: CaptureWindow): string {
  return `${hostId}\n${model}\n${version}\n${seq}`;
}

/** Of a longer window that tells no hours nobody knows when its requests came; and until agents fold them there are few. */
function canBeAdded(window: CaptureWindow): boolean {
  if (!hasTimes(window)) return false;
  const { n, invalid, hours, features } = window;
  const length = lengthOf(window);
  const isWhole = length >= 0 && (hours !== undefined || length <= SHORT_MS);
  const isOfRows = (count: number) => count <= n;
  return (
    isWhole &&
    n <= MOST_ROWS &&
    isOfRows(invalid) &&
    Object.values(features).every(
      ({ missing, below, above, unseen }) => isOfRows(missing) && isOfRows(below + above) && isOfRows(unseen),
    )
  );
}

function lengthOf({ from, to }: CaptureWindow): number {
  return epochMs(to) - epochMs(from);
}

function stretchOf({ model, version, from, hours }: CaptureWindow): string {
  const stretchMs = hours === undefined ? CHECK_MS : HOUR_MS;
  return `${model}\n${version}\n${stretchMs}\n${Math.floor(epochMs(from) / stretchMs)}`;
}

function isAlike(sum: Sum, { features, prediction }: CaptureWindow): boolean {
  const names = Object.keys(features);
  return (
    names.length === Object.keys(sum.features).length &&
    names.every((name) => sum.features[name]?.counts.length === features[name]?.counts.length) &&
    sum.prediction.counts.length === prediction.counts.length &&
    sum.prediction.confidence?.length === prediction.confidence?.length
  );
}

function copyOf(window: CaptureWindow): Sum {
  const { features, prediction, hours, ...rest } = window;
  const copies = Object.entries(features).map(([name, feature]) => [
    name,
    { ...feature, counts: [...feature.counts] },
  ]);
  const { counts, confidence } = prediction;
  return {
    ...rest,
    features: Object.fromEntries(copies),
    prediction: { counts: [...counts], ...(confidence && { confidence: [...confidence] }) },
    ...(hours && { hours: [...hours] }),
  };
}

function addTo(sum: Sum, window: CaptureWindow): void {
  if (isBefore(window.from, sum.from)) sum.from = window.from;
  if (isAfter(window.to, sum.to)) sum.to = window.to;
  sum.n += window.n;
  sum.invalid += window.invalid;
  sum.refused += window.refused;
  for (const [name, { counts, missing, below, above, unseen }] of Object.entries(window.features)) {
    const feature = sum.features[name];
    if (feature === undefined) continue;
    addBins(feature.counts, counts);
    feature.missing += missing;
    feature.below += below;
    feature.above += above;
    feature.unseen += unseen;
  }
  addBins(sum.prediction.counts, window.prediction.counts);
  addBins(sum.prediction.confidence, window.prediction.confidence);
  addBins(sum.hours, window.hours);
}

function addBins(sum: number[] | undefined, counts: readonly number[] | undefined): void {
  for (const [bin, count] of counts?.entries() ?? [])
    if (sum !== undefined) sum[bin] = (sum[bin] ?? 0) + count;
}
