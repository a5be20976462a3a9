import type { ProfileFeature } from '../../../core/drift/profile.ts';
import type { WindowFeature } from '../../../core/drift/window.ts';
import type { Draws } from '../draws.ts';

/** How rows of the holdout lie over days: how many each of them has, and by how much it is off, in standard deviations. */
export type HoldoutDay = { readonly rows: number; readonly tilt: number };

/** One column of a model's inputs: its reference histogram, and how live rows fall into it. */
export type DrawnColumn = {
  readonly feature: ProfileFeature;
  /** Draws the counts of live rows while the column is off by `tilt` standard deviations: the same for all windows of a day. */
  readonly liveAt: (tilt: number) => (rows: number, draws: Draws) => WindowFeature;
};

/** These shares, of which the k-th has become likelier by exp(tilt × score of k): an index of about tilt² where scores have a variance of 1. */
export function tiltShares(
  shares: readonly number[],
  scores: readonly number[],
  tilt: number,
): readonly number[] {
  if (tilt === 0) return shares;
  const weights = shares.map((share, index) => share * Math.exp(tilt * (scores[index] ?? 0)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Scores for `tiltShares`, less their mean and by their standard deviation under these shares. */
export function standardise(raw: readonly number[], shares: readonly number[]): readonly number[] {
  const weigh = (values: readonly number[]) =>
    values.reduce((sum, value, index) => sum + value * (shares[index] ?? 0), 0);
  const mean = weigh(raw);
  const deviation = Math.sqrt(weigh(raw.map((value) => (value - mean) ** 2)));
  return raw.map((value) => (value - mean) / deviation);
}
