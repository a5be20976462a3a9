/**
 * Holm's step-down adjusted p-values, in the order given: adj_(i) = max(adj_(i-1), min(1, (m - i + 1) p_(i))).
 *
 * Claim: rejecting every hypothesis whose adjusted p is at most alpha rejects any true one with probability at most alpha.
 * Assumes: each p is valid by itself; the tests may depend on each other in any way.
 * Reference: Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics, 1979).
 * Vector: measure/vectors/answers/holm.json, by statsmodels.
 */
export function adjustHolm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let previous = 0;
  for (const [rank, index] of order.entries()) {
    previous = Math.max(previous, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 1)));
    adjusted[index] = previous;
  }
  return adjusted;
}
