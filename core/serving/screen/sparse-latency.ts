import { z } from 'zod';
import { type LatencyCounts, quantileEdge } from '../../statistics/latency-buckets.ts';

/** How many answers lie in each bucket that holds any, by its upper edge in ms; infinite for what lies above all edges. */
export type SparseLatency = Map<number, number>;

/**
 * The ms in which 50, 95 and 99 of 100 answers came at most, at bucket edges, and how many answers there were. A quantile is absent where
 * there were none, or where it lies above all edges.
 */
export const quantilesSchema = z.object({
  answers: z.int(),
  p50: z.number().optional(),
  p95: z.number().optional(),
  p99: z.number().optional(),
});
export type LatencyQuantiles = z.infer<typeof quantilesSchema>;

/** No answer yet. */
export function emptyLatency(): SparseLatency {
  return new Map();
}

/** Adds a histogram, in place. Edges may be others than before: an agent that was upgraded counts by its own. */
export function addSparse(sum: SparseLatency, { edges, counts }: LatencyCounts): void {
  for (const [index, count] of counts.entries()) {
    if (count === 0) continue;
    const edge = edges[index] ?? Number.POSITIVE_INFINITY;
    sum.set(edge, (sum.get(edge) ?? 0) + count);
  }
}

/** See `quantilesSchema`. */
export function quantilesOf(sum: SparseLatency): LatencyQuantiles {
  const above = sum.get(Number.POSITIVE_INFINITY) ?? 0;
  const edges = [...sum.keys()].filter(Number.isFinite).toSorted((left, right) => left - right);
  const latency = { edges, counts: [...edges.map((edge) => sum.get(edge) ?? 0), above] };
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantileEdge(latency, share));
  return {
    answers: latency.counts.reduce((total, count) => total + count, 0),
    ...(p50 !== undefined && { p50 }),
    ...(p95 !== undefined && { p95 }),
    ...(p99 !== undefined && { p99 }),
  };
}
