import type { JudgedFeature } from '../judged-feature.ts';
import { learnWobble, type UsualWobble } from './usual-wobble.ts';

/** What is known of usual days: how much they differ, from the profile or, once enough of them have come, from live ones. */
export type Usual = {
  /** Absent while it is not known, and where days are too few to be compared. */
  readonly wobble?: UsualWobble;
  /** Whether it is still learnt from live days, which are judged without it meanwhile. */
  readonly isLearning: boolean;
  /** The counts of the days that it is learnt from. */
  readonly days: readonly (readonly number[])[];
};

/** By the days of the profile; without them, or where they have too few rows for any of its bins, by so many live batches. */
export function startUsual(feature: JudgedFeature, warmUpBatches: number): Usual {
  const known = learnWobble(feature.blocks, feature);
  const wobble = known !== undefined && known.bins.length > 0 ? known : undefined;
  return { ...(wobble && { wobble }), isLearning: wobble === undefined && warmUpBatches > 0, days: [] };
}

/** Learns from one more batch that was usual. */
export function learnUsual(
  usual: Usual,
  counts: readonly number[],
  { feature, warmUpBatches }: { readonly feature: JudgedFeature; readonly warmUpBatches: number },
): Usual {
  const days = [...usual.days, counts];
  if (days.length < warmUpBatches) return { ...usual, days };
  const wobble = learnWobble(days, feature);
  return { ...(wobble && { wobble }), isLearning: false, days: [] };
}
