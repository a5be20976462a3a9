/**
 * Lower confidence bound of p1 - p2 for independent samples of `n1` and `n2` with `x1` and `x2` successes; `z` is the normal
 * quantile of the one-sided confidence. Agresti & Caffo (2000): one success and one failure added to each sample.
 */
export function agrestiCaffoLower(x1: number, n1: number, x2: number, n2: number, z: number): number {
  const p1 = (x1 + 1) / (n1 + 2);
  const p2 = (x2 + 1) / (n2 + 2);
  const variance = (p1 * (1 - p1)) / (n1 + 2) + (p2 * (1 - p2)) / (n2 + 2);
  return Math.max(-1, p1 - p2 - z * Math.sqrt(variance));
}
