import type { ReferenceProfile } from '../../drift/profile.ts';
import { isDerived } from '../../drift/together.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from '../../drift/window.ts';
import { addSeconds, isAfter } from '../../instant.ts';
import { sumOf } from '../../statistics/sum-of.ts';

/** So far back from the newest window the health of inputs is told, in days. */
export const HEALTH_DAYS = 7;

/** How one input came lately, as shares of its values; `usualMissing` is the share that was missing in training. */
export type InputHealth = {
  readonly name: string;
  readonly kind: ReferenceProfile['features'][number]['kind'];
  readonly rows: number;
  readonly missing: number;
  readonly outside: number;
  readonly unseen: number;
  readonly usualMissing: number;
};

/** The health of each input of a version over the last days that it was asked, the worst first. */
export function sumInputs(
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
): readonly InputHealth[] {
  const ours = mergeWindows(windows.filter(hasTimes)).filter(({ version }) => version === profile.version);
  const recent = recentOf(ours);
  return profile.features
    .filter((feature) => !isDerived(feature))
    .map((feature) => sumInput(feature, recent))
    .filter(({ rows }) => rows > 0)
    .toSorted((left, right) => badOf(right) - badOf(left));
}

/** Windows of the last days that there are some of; they come in the order of their beginnings. */
export function recentOf(windows: readonly CaptureWindow[]): readonly CaptureWindow[] {
  const newest = windows.at(-1)?.from;
  if (newest === undefined) return [];
  const since = addSeconds(newest, -HEALTH_DAYS * 86_400);
  return windows.filter(({ from }) => isAfter(from, since));
}

function sumInput(
  { name, kind, counts, missing }: ReferenceProfile['features'][number],
  windows: readonly CaptureWindow[],
): InputHealth {
  const counted = windows.flatMap(({ n, features }) => {
    const found = Object.hasOwn(features, name) ? features[name] : undefined;
    return found === undefined ? [] : [{ n, ...found }];
  });
  const rows = sumOf(counted.map(({ n }) => n));
  const share = (values: readonly number[]) => (rows > 0 ? sumOf(values) / rows : 0);
  const binned = sumOf(counts);
  return {
    ...{ name, kind, rows },
    missing: share(counted.map((one) => one.missing)),
    outside: share(counted.map(({ below, above }) => below + above)),
    unseen: share(counted.map((one) => one.unseen)),
    usualMissing: binned + missing > 0 ? missing / (binned + missing) : 0,
  };
}

function badOf({ missing, outside, unseen, usualMissing }: InputHealth): number {
  return Math.max(missing - usualMissing, outside, unseen);
}
