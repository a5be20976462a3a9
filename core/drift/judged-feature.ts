import {
  type FeatureKind,
  nameBins,
  type ProfileFeature,
  type ProfilePrediction,
  type ReferenceProfile,
} from './profile.ts';

/** The model's own output, judged as a feature is. */
export const PREDICTION = 'prediction';

/** One histogram that is judged: a feature, or the prediction. Its index in the list is its key everywhere else. */
export type JudgedFeature = {
  readonly name: string;
  readonly kind: FeatureKind | 'prediction';
  readonly isOrdered: boolean;
  readonly reference: readonly number[];
  readonly binNames: readonly string[];
  readonly blocks: readonly (readonly number[])[];
};

/** Everything of a profile that is judged, the prediction last. */
export function listJudged(profile: ReferenceProfile): readonly JudgedFeature[] {
  return [...profile.features.map(fromFeature), fromPrediction(profile.prediction)];
}

function fromFeature(feature: ProfileFeature): JudgedFeature {
  return {
    name: feature.name,
    kind: feature.kind,
    isOrdered: feature.kind !== 'categorical',
    reference: feature.counts,
    binNames: nameBins(feature),
    blocks: feature.blocks ?? [],
  };
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
