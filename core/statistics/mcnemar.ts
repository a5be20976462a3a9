import { binomialCdf } from './distributions/binomial.ts';

/**
 * Two-sided exact McNemar p for `gains` (only B right) and `losses` (only A right): both models are equally often right.
 *
 * Claim: under that hypothesis the p is at most alpha with probability at most alpha, for any number of rows.
 * Assumes: rows are independent; rows that both get right or both get wrong say nothing about the difference.
 * Reference: McNemar (Psychometrika, 1947); exact form by the binomial distribution of the gains among all differing rows.
 * Vector: measure/vectors/answers/paired-proportions.json, by statsmodels.
 */
export function mcnemarTwoSided(gains: number, losses: number): number {
  return Math.min(1, 2 * binomialCdf(Math.min(gains, losses), gains + losses, 0.5));
}

/**
 * One-sided exact McNemar p for harm: how likely at least this many losses are if B is at least as often right as A.
 *
 * Claim, assumptions and reference as for `mcnemarTwoSided`, in one direction.
 * Vector: measure/vectors/answers/paired-proportions.json, by SciPy's binomial test.
 */
export function mcnemarHarm(gains: number, losses: number): number {
  return binomialCdf(gains, gains + losses, 0.5);
}
