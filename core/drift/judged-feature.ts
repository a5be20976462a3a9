import { watchedFeatures } from './left-out.ts';
import {
  type FeatureKind,
  nameBins,
  type ProfileFeature,
  type ProfilePrediction,
  type ReferenceProfile,
} from './profile.ts';
import { type Derivation, derivationOf, sayDerived } from './together.ts';
import type { CaptureWindow } from './window.ts';

/** The model's own output, judged as a feature is. */
export const PREDICTION = 'prediction';

/** One histogram that is judged: a feature, or the prediction. Its index in the list is its key everywhere else. */
export type JudgedFeature = {
  readonly name: string;
  readonly kind: FeatureKind | 'prediction';
  readonly isOrdered: boolean;
  readonly reference: readonly number[];
  /** How many of them were answered right; absent where that is not known. */
  readonly right?: readonly number[];
  readonly binNames: readonly string[];
  readonly blocks: readonly (readonly number[])[];
  /** What people call it, where it has no name of theirs. */
  readonly said?: string;
  /** Absent where it is the values of an input, or the prediction. */
  readonly derived?: Derivation;
  /** The columns that it watches together, where it is none by itself. */
  readonly columns?: readonly string[];
};

/** Everything of a profile that is judged, the prediction last. What is named in `leaveOut`, or is of such a column, is not. */
export function listJudged(
  profile: ReferenceProfile,
  asked: { readonly leaveOut?: readonly string[] } = {},
): readonly JudgedFeature[] {
  return [...watchedFeatures(profile, asked).map(fromFeature), fromPrediction(profile.prediction)];
}

/** What a window counted of it, in the bins that are judged; nothing where it did not count it. */
export function countsIn(window: CaptureWindow, feature: JudgedFeature): readonly number[] | undefined {
  if (feature.kind === 'prediction') return window.prediction.counts;
  const counts = window.features[feature.name]?.counts;
  return feature.kind === 'categorical' ? counts && joinRare(counts) : counts;
}

function fromFeature(feature: ProfileFeature): JudgedFeature {
  const [said, derived] = [sayDerived(feature), derivationOf(feature)];
  const isCategorical = feature.kind === 'categorical';
  const blocks = feature.blocks ?? [];
  return {
    name: feature.name,
    kind: feature.kind,
    isOrdered: !isCategorical,
    reference: isCategorical ? joinRare(feature.counts) : feature.counts,
    ...(feature.right && { right: isCategorical ? joinRare(feature.right) : feature.right }),
    binNames: nameBins(feature),
    blocks: isCategorical ? blocks.map(joinRare) : blocks,
    ...(said && { said }),
    ...(derived && { derived }),
    ...(feature.together && { columns: feature.together.columns }),
  };
}

/**
 * Rare categories and unseen ones as one bin, the last. Which of the rare ones a holdout held is chance: where every tenth row has a
 * category of its own, every tenth row that comes has one that the holdout never saw, and nothing has changed.
 */
function joinRare(counts: readonly number[]): readonly number[] {
  const [rare = 0, unseen = 0] = counts.slice(-2);
  return [...counts.slice(0, -2), rare + unseen];
}

function fromPrediction(prediction: ProfilePrediction): JudgedFeature {
  return {
    name: PREDICTION,
    kind: 'prediction',
    isOrdered: prediction.kind === 'numeric',
    reference: prediction.counts,
    binNames: prediction.kind === 'classes' ? prediction.classes : nameBins(prediction),
    blocks: prediction.blocks ?? [],
  };
}
