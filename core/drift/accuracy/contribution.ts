import { sumOf } from '../../statistics/sum-of.ts';

/** What the shift of one feature alone takes off accuracy, or adds to it, as a share of all answers, and the standard error of that. */
export type Contribution = { readonly change: number; readonly error: number };

/** Rows by bin on the reference, and those of them that were answered right. */
type RightByBin = { readonly reference: readonly number[]; readonly right: readonly number[] };

/**
 * The accuracy of the reference if its rows were spread over the bins of this feature as live ones are, and each bin were answered right as
 * often as it was, less the accuracy it has. `undefined` where there is nothing to compare.
 *
 * Claim: the part of a difference between two rates that goes with the composition by this feature; `error` counts both samples' noise.
 * Assumes: independent rows. It is an association: features that shift together have each the whole of what they share, so that these do not
 * add up, and a bin may be answered otherwise than it was. Of a bin that the reference never held the accuracy of all is taken.
 * Reference: Kitagawa, "Components of a difference between two rates" (Journal of the American Statistical Association, 1955).
 * Vector: test/core/drift/derived/contribution.test.ts.
 */
export function contributionOf(
  { reference, right }: RightByBin,
  counts: readonly number[],
): Contribution | undefined {
  const [m, n] = [sumOf(reference), sumOf(counts)];
  if (!(m > 0 && n > 0) || right.length !== reference.length) return undefined;
  const overall = sumOf(right) / m;
  const bins = reference.map((rows, bin) => ({
    rows,
    before: rows / m,
    now: (counts[bin] ?? 0) / n,
    accuracy: rows > 0 ? (right[bin] ?? 0) / rows : overall,
  }));
  const change = sumOf(bins.map(({ before, now, accuracy }) => (now - before) * accuracy));
  const ofBins = bins.map(({ rows, before, now, accuracy }) =>
    rows > 0 ? ((now - before) ** 2 * accuracy * (1 - accuracy)) / rows : 0,
  );
  const spread = (shareOf: (bin: (typeof bins)[number]) => number) => {
    const mean = sumOf(bins.map((bin) => shareOf(bin) * bin.accuracy));
    return sumOf(bins.map((bin) => shareOf(bin) * (bin.accuracy - mean) ** 2));
  };
  const variance = sumOf(ofBins) + spread(({ now }) => now) / n + spread(({ before }) => before) / m;
  return { change, error: Math.sqrt(variance) };
}
