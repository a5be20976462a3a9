const SIGNIFICANT = [
  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26, 28, 30, 33, 36, 39, 42, 46, 50, 55, 60, 66, 72, 79,
  86, 94,
];

/**
 * Edges of the latency histogram in ms, 1 … 60,000, at most 10 % apart above 10 ms. Two significant digits each: Envoy's
 * own bins are that fine, so none is shared out between two edges. It counts a bin to the edge that the bin begins at: 100 … 109 ms
 * are "100 ms or less".
 */
export const LATENCY_EDGES: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9],
  ...[1, 10, 100, 1_000].flatMap((decade) => SIGNIFICANT.map((digits) => digits * decade)),
].filter((edge) => edge <= 60_000);
