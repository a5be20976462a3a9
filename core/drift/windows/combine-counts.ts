import type { CaptureWindow, WindowFeature } from '../window.ts';

/** What was counted in a stretch of time. */
export type WindowCounts = Pick<CaptureWindow, 'n' | 'invalid' | 'refused' | 'features' | 'prediction'>;

const NONE: WindowFeature = { counts: [], missing: 0, below: 0, above: 0, unseen: 0 };

/** The sum of two counts, or with `-1` what the second leaves of the first, never below zero. */
export function combineCounts(left: WindowCounts, right: WindowCounts, sign: 1 | -1): WindowCounts {
  const names = new Set([...Object.keys(left.features), ...Object.keys(right.features)]);
  const features = [...names].map((name) => {
    const pair = [left.features[name] ?? NONE, right.features[name] ?? NONE] as const;
    return [name, combineFeature(...pair, sign)] as const;
  });
  const confidence =
    left.prediction.confidence && right.prediction.confidence
      ? { confidence: combineBins(left.prediction.confidence, right.prediction.confidence, sign) }
      : {};
  return {
    n: atLeastZero(left.n + sign * right.n),
    invalid: atLeastZero(left.invalid + sign * right.invalid),
    refused: atLeastZero(left.refused + sign * right.refused),
    features: Object.fromEntries(features),
    prediction: {
      counts: combineBins(left.prediction.counts, right.prediction.counts, sign),
      ...confidence,
    },
  };
}

function combineFeature(left: WindowFeature, right: WindowFeature, sign: 1 | -1): WindowFeature {
  return {
    counts: combineBins(left.counts, right.counts, sign),
    missing: atLeastZero(left.missing + sign * right.missing),
    below: atLeastZero(left.below + sign * right.below),
    above: atLeastZero(left.above + sign * right.above),
    unseen: atLeastZero(left.unseen + sign * right.unseen),
  };
}

function combineBins(left: readonly number[], right: readonly number[], sign: 1 | -1): number[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, bin) =>
    atLeastZero((left[bin] ?? 0) + sign * (right[bin] ?? 0)),
  );
}

function atLeastZero(count: number): number {
  return Math.max(0, count);
}
