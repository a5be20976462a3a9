/** So many successes in a sample of `n`; neither need be whole where rows count for less than one. */
type SampleCounts = { readonly successes: number; readonly n: number };

/**
 * Lower confidence bound of the first sample's share less the second's; `z` is the normal quantile of the one-sided confidence.
 *
 * Claim: the bound lies above the true difference about as seldom as `z` says, also for small samples and shares near 0 and 1.
 * Assumes: independent samples of independent trials.
 * Reference: Agresti & Caffo, "Simple and effective confidence intervals for proportions and differences of proportions" (The
 * American Statistician, 2000): one success and one failure are added to each sample.
 * Vector: measure/vectors/answers/paired-proportions.json, by statsmodels.
 */
export function agrestiCaffoLower(first: SampleCounts, second: SampleCounts, z: number): number {
  const p1 = (first.successes + 1) / (first.n + 2);
  const p2 = (second.successes + 1) / (second.n + 2);
  const variance = (p1 * (1 - p1)) / (first.n + 2) + (p2 * (1 - p2)) / (second.n + 2);
  return Math.max(-1, p1 - p2 - z * Math.sqrt(variance));
}
