import { binomialCdf } from './distributions/binomial.ts';

/** Two-sided exact McNemar p for `gains` (only B right) and `losses` (only A right): both models are equally often right. */
export function mcnemarTwoSided(gains: number, losses: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(gains, losses), gains + losses, 0.5));
}

/** One-sided exact McNemar p for harm: how likely at least this many losses are if B is at least as often right as A. */
export function mcnemarHarm(gains: number, losses: number): number {
  return binomialCdf(gains, gains + losses, 0.5);
}
