/** The value below which this share of the values lies; NaN of nothing. */
export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN;
}
