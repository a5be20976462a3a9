/** Evidently's default for more than 1,000 reference rows: a numeric column has drifted when this distance is at least 0.1. */
const THRESHOLD = 0.1;

/**
 * Wasserstein distance of two samples over the standard deviation of the reference. `reference` is sorted, which lets one
 * reference be compared with many windows.
 */
export function hasDriftedByEvidently(reference: readonly number[], window: readonly number[]): boolean {
  return (
    wassersteinDistance(
      reference,
      window.toSorted((a, b) => a - b),
    ) /
      deviation(reference) >=
    THRESHOLD
  );
}

/** Area between the two empirical distribution functions. */
function wassersteinDistance(left: readonly number[], right: readonly number[]): number {
  let [i, j, area] = [0, 0, 0];
  let at = Math.min(left[0] ?? 0, right[0] ?? 0);
  while (i < left.length || j < right.length) {
    const next = Math.min(left[i] ?? Number.POSITIVE_INFINITY, right[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / left.length - j / right.length) * (next - at);
    at = next;
    while (left[i] === next) i += 1;
    while (right[j] === next) j += 1;
  }
  return area;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
