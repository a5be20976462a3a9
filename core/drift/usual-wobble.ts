import { fSurvival } from '../statistics/distributions/f-distribution.ts';
import { type BinOrder, compareHistograms, type HistogramComparison } from './compare-histograms.ts';

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
 *
 * Claim: the mean and the variance of the index between days, beyond what chance alone gives them.
 * Assumes: days differ from each other as they will differ; a day depends little on the one before. The variance is taken for no
 * smaller than twice the squared mean, which a single wandering mean would give.
 * Reference: none; a moment estimate. Held to its promise by measure/simulate/drift.ts, rows 9 and 10 of docs/decisions.md.
 * Vector: test/core/drift/compare-histograms.test.ts.
 */
export function learnWobble(
  blocks: readonly (readonly number[])[],
  order: BinOrder,
): UsualWobble | undefined {
  const first = blocks[0];
  if (first === undefined) return undefined;
  const total = first.map((_, bin) => blocks.reduce((sum, block) => sum + (block[bin] ?? 0), 0));
  const comparisons = blocks.flatMap((block) => {
    const rest = total.map((count, bin) => count - (block[bin] ?? 0));
    return compareHistograms(rest, block, order) ?? [];
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

/**
 * Probability of an X² this large on a usual day: a scaled F distribution with the wobble's mean and variance.
 *
 * Claim: about uniform over usual days.
 * Assumes: the moments of so few days are enough; checked on days whose mean wanders by a normal, not on others.
 * Reference: Satterthwaite, "An approximate distribution of estimates of variance components" (Biometrics Bulletin, 1946), for matching
 * a scaled chi-square to a mean and a variance; the F allows for both being estimated.
 * Vector: as `learnWobble`.
 */
export function wobblePValue(comparison: HistogramComparison, wobble: UsualWobble): number {
  const { chiSquare, degreesOfFreedom: df, effectiveRows } = comparison;
  const mean = df + effectiveRows * wobble.mean;
  const variance = 2 * df + 4 * effectiveRows * wobble.mean + effectiveRows ** 2 * wobble.variance;
  const freedom = Math.min(df, Math.max(1, (2 * mean ** 2) / variance));
  return fSurvival(chiSquare / mean, freedom, wobble.blocks * freedom);
}

function unbiasedIndex({ chiSquare, degreesOfFreedom, effectiveRows }: HistogramComparison): number {
  return (chiSquare - degreesOfFreedom) / effectiveRows;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
