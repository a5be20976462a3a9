import type { DriftOptions } from './drift-options.ts';
import type { Batch } from './gather-batches.ts';
import {
  concludeFeature,
  type FeatureJudgement,
  followFeature,
  startTrack,
  type Track,
} from './judge-feature.ts';
import type { JudgedFeature } from './judged-feature.ts';

/** How far drift was followed: the closed batches, what they were judged by, and where each feature stands after them. */
export type FollowedDrift = {
  readonly basis: string;
  readonly closed: readonly Batch[];
  readonly features: readonly { readonly feature: JudgedFeature; readonly track: Track }[];
};

/**
 * Follows all features through the closed batches: through those that are new since `before`, where the others are the same and were
 * judged by the same; else through all. Either way the same comes of it.
 */
export function followDrift(
  judged: readonly JudgedFeature[],
  closed: readonly Batch[],
  options: DriftOptions,
  before: FollowedDrift | undefined,
): FollowedDrift {
  const { until: _, ...settings } = options;
  const basis = JSON.stringify([settings, judged]);
  const known =
    before !== undefined && before.basis === basis && isBeginning(before.closed, closed) ? before : undefined;
  const later = closed.slice(known?.closed.length ?? 0);
  const start =
    known?.features ?? judged.map((feature) => ({ feature, track: startTrack(feature, options) }));
  const features = start.map(({ feature, track }, index) => ({
    feature,
    track: later.reduce(
      (reached, batch) =>
        followFeature(
          reached,
          { ...batch, counts: batch.counts[index] ?? [] },
          { ...options, feature, features: judged.length },
        ),
      track,
    ),
  }));
  return { basis, closed, features };
}

/** What is to be said of each feature that was followed so far. */
export function concludeFeatures({ features }: FollowedDrift, options: DriftOptions): FeatureJudgement[] {
  return features.map(({ feature, track }) =>
    concludeFeature(track, { ...options, feature, features: features.length }),
  );
}

function isBeginning(earlier: readonly Batch[], closed: readonly Batch[]): boolean {
  return earlier.every((batch, index) => isEqual(batch, closed[index]));
}

function isEqual(left: Batch, right: Batch | undefined): boolean {
  return (
    left.from === right?.from &&
    left.to === right.to &&
    left.counts.every((counts, feature) =>
      counts.every((count, bin) => count === right.counts[feature]?.[bin]),
    )
  );
}
