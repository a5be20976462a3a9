import { epochMs, isAfter, isBefore } from '../../instant.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from '../window.ts';
import { hoursOf } from './hours-of.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Windows up to so long are added up by five minutes, as they are checked; longer ones by the hour they began in. */
const SHORT_MS = 10 * MINUTE_MS;
const CHECK_MS = 5 * MINUTE_MS;

/** What many hosts counted, added up host by host: as much is held as one of them has, however many there are. */
export type HostsCounts = {
  /** Adds all windows of one host. Those of a host that was added before, under another address say, count once. */
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
 * Adds hosts' windows up where these are alike: of one version, begun in the same five minutes (or hour), and counted in the same bins. Drift,
 * what can't wait a day, silence and labels are judged of the sums as of all windows.
 */
export function addHosts(): HostsCounts {
  const sums = new Map<string, Sum[]>();
  const apart: CaptureWindow[] = [];
  const known = new Set<string>();
  return {
    add: (windows) => {
      const fresh = windows.filter(({ hostId }) => !known.has(hostId));
      for (const { hostId } of fresh) known.add(hostId);
      apart.push(...fresh.filter((window) => !canBeAdded(window)));
      for (const window of mergeWindows(fresh.filter(canBeAdded))) {
        const key = slotOf(window);
        const alike = sums.get(key)?.find((sum) => isAlike(sum, window));
        if (alike === undefined) sums.set(key, [...(sums.get(key) ?? []), copyOf(window)]);
        else addTo(alike, window);
      }
    },
    windows: () => [...apart, ...[...sums.values()].flat()],
  };
}

/** Of a window longer than an hour that tells no hours nobody knows when its requests came: it can't be added to another. */
function canBeAdded(window: CaptureWindow): boolean {
  return hasTimes(window) && (window.hours !== undefined || lengthOf(window) <= HOUR_MS);
}

function lengthOf({ from, to }: CaptureWindow): number {
  return epochMs(to) - epochMs(from);
}

function isShort(window: CaptureWindow): boolean {
  return window.hours === undefined && lengthOf(window) <= SHORT_MS;
}

function slotOf(window: CaptureWindow): string {
  const { model, version, from } = window;
  const slotMs = isShort(window) ? CHECK_MS : HOUR_MS;
  return `${model}\n${version}\n${slotMs}\n${Math.floor(epochMs(from) / slotMs)}`;
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
  const { features, prediction, hours: _hours, ...rest } = window;
  const copies = Object.entries(features).map(([name, feature]) => [
    name,
    { ...feature, counts: [...feature.counts] },
  ]);
  const { counts, confidence } = prediction;
  return {
    ...rest,
    features: Object.fromEntries(copies),
    prediction: { counts: [...counts], ...(confidence && { confidence: [...confidence] }) },
    ...(!isShort(window) && { hours: [...hoursOf(window)] }),
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
  if (sum.hours !== undefined) addBins(sum.hours, hoursOf(window));
}

function addBins(sum: number[] | undefined, counts: readonly number[] | undefined): void {
  for (const [bin, count] of counts?.entries() ?? [])
    if (sum !== undefined) sum[bin] = (sum[bin] ?? 0) + count;
}
