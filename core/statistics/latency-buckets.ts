import { z } from 'zod';
import { countList, positiveList } from '../number-list.ts';

const MAX_EDGES = 4096;

/**
 * A latency histogram: `edges` in ms, increasing; bucket i holds `(edges[i-1], edges[i]]`, the last one everything above,
 * so `counts.length === edges.length + 1`.
 */
export const latencyCountsSchema = z
  .object({
    edges: positiveList(MAX_EDGES),
    counts: countList(),
  })
  .refine((latency) => latency.counts.length === latency.edges.length + 1, {
    error: 'counts must have one entry more than edges',
    path: ['counts'],
  })
  .refine((latency) => isIncreasing(latency.edges), { error: 'edges must increase', path: ['edges'] });

/** See `latencyCountsSchema`. Histograms with the same edges add exactly. */
export type LatencyCounts = z.infer<typeof latencyCountsSchema>;

/** Whether each number is larger than the one before it (and none is NaN). */
export function isIncreasing(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => {
    const before = numbers[index - 1];
    return Number.isFinite(number) && (before === undefined || number > before);
  });
}

/** Whether two histograms share their edges, so that their counts may be added and compared bucket by bucket. */
export function shareEdges(left: LatencyCounts, right: LatencyCounts): boolean {
  return (
    left.edges.length === right.edges.length && left.edges.every((edge, index) => edge === right.edges[index])
  );
}

/** The sum of two histograms with the same edges; `undefined` when their edges differ. */
export function addLatency(left: LatencyCounts, right: LatencyCounts): LatencyCounts | undefined {
  if (!shareEdges(left, right)) return undefined;
  return {
    edges: left.edges,
    counts: left.counts.map((count, index) => count + (right.counts[index] ?? 0)),
  };
}

/** All observations in the histogram. */
export function countLatency(latency: LatencyCounts): number {
  return latency.counts.reduce((sum, count) => sum + count, 0);
}

/** How many observations lie above an edge; `edge` must be one of the histogram's. */
export function countAbove(latency: LatencyCounts, edge: number): number {
  return latency.counts.reduce((sum, count, index) => {
    const lower = latency.edges[index - 1];
    return lower !== undefined && lower >= edge ? sum + count : sum;
  }, 0);
}

/**
 * The smallest edge at or below which at least the share `q` of the observations lies, in ms.
 * `undefined` when there are no observations or the quantile lies above the last edge.
 */
export function quantileEdge(latency: LatencyCounts, q: number): number | undefined {
  const total = countLatency(latency);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [index, edge] of latency.edges.entries()) {
    seen += latency.counts[index] ?? 0;
    if (seen >= q * total) return edge;
  }
  return undefined;
}

/** The smallest edge that is at least `value` ms; `undefined` when all edges are smaller. */
export function nextEdge(edges: readonly number[], value: number): number | undefined {
  const slack = value * 1e-9;
  return edges.find((edge) => edge >= value - slack);
}
