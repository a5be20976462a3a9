import { fSurvival } from '../statistics/distributions/f-distribution.ts';
import { type Comparison, compareHistograms } from './compare-histograms.ts';

/** Fewer blocks than this say too little about how much usual days differ. */
const MIN_BLOCKS = 14;

/** How much usual days differ from all days together, in units of the index. */
export type UsualWobble = {
  readonly blocks: number;
  /** Mean of the blocks' indices, at least 0, and the variance between days beyond chance. */
  readonly mean: number;
  readonly variance: number;
  /** The largest index a block had. */
  readonly reach: number;
};

/**
 * Learns the usual wobble from blocks (days) of reference counts, each compared with all the others. `undefined` when too
 * few blocks can be compared.
 */
export function learnWobble(
  blocks: readonly (readonly number[])[],
  isOrdered: boolean,
): UsualWobble | undefined {
  const first = blocks[0];
  if (first === undefined) return undefined;
  const total = first.map((_, bin) => blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0));
  const comparisons = blocks.flatMap((block) => {
    const rest = total.map((count, bin) => count - (block[bin] ?? 0));
    return compareHistograms(rest, block, isOrdered) ?? [];
  });
  if (comparisons.length < MIN_BLOCKS) return undefined;
  const indices = comparisons.map(unbiasedIndex);
  const average = meanOf(indices);
  const mean = Math.max(0, average);
  const spread = indices.reduce((sum, index) => sum + (index - average) ** 2, 0) / (indices.length - 1);
  const chance = meanOf(
    comparisons.map(
      ({ degreesOfFreedom, effectiveRows }) =>
        (2 * degreesOfFreedom + 4 * effectiveRows * mean) / effectiveRows ** 2,
    ),
  );
  return {
    blocks: comparisons.length,
    mean,
    variance: Math.max(2 * mean ** 2, spread - chance),
    reach: Math.max(0, ...indices),
  };
}

/** Probability of an X² this large on a usual day: a scaled F distribution with the wobble's mean and variance. */
export function wobblePValue(comparison: Comparison, wobble: UsualWobble): number {
  const { chiSquare, degreesOfFreedom: df, effectiveRows } = comparison;
  const mean = df + effectiveRows * wobble.mean;
  const variance = 2 * df + 4 * effectiveRows * wobble.mean + effectiveRows ** 2 * wobble.variance;
  const freedom = Math.min(df, Math.max(1, (2 * mean ** 2) / variance));
  return fSurvival(chiSquare / mean, freedom, wobble.blocks * freedom);
}

function unbiasedIndex({ chiSquare, degreesOfFreedom, effectiveRows }: Comparison): number {
  return (chiSquare - degreesOfFreedom) / effectiveRows;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
