import { z } from 'zod';
import { LATENCY_EDGES } from './latency-edges.ts';

/** The page of Envoy's admin interface with every counter that `parseCounters` reads. */
export const COUNTERS_PAGE = `/stats?format=json&histogram_buckets=cumulative&filter=${encodeURIComponent(
  '^cluster\\.[^@]+@[0-9]+(-pinned)?\\.upstream_rq_(completed|5xx|timeout|active|pending_overflow|time)$',
)}`;

/** What Envoy has counted for one cluster since the cluster was made. All but `active` only grow, until Envoy starts again. */
export type ClusterCounters = {
  readonly requests: number;
  /** Answers 500 … 599, the proxy's own for timeouts, resets and refusals among them. */
  readonly errors: number;
  readonly timeouts: number;
  /** Requests refused by the circuit breaker; they are among `errors`. */
  readonly refused: number;
  /** Requests open now. */
  readonly active: number;
  /** Answered requests per bucket of `LATENCY_EDGES`; one entry more than there are edges. */
  readonly latency: readonly number[];
};

export const NO_COUNTERS: ClusterCounters = {
  requests: 0,
  errors: 0,
  timeouts: 0,
  refused: 0,
  active: 0,
  latency: LATENCY_EDGES.map(() => 0).concat(0),
};

const scalarSchema = z.object({ name: z.string(), value: z.number() });
const histogramsSchema = z.object({
  histograms: z.array(
    z.object({
      name: z.string(),
      buckets: z.array(z.object({ upper_bound: z.number(), cumulative: z.number() })),
    }),
  ),
});
const pageSchema = z.object({ stats: z.array(z.unknown()) });

const FIELDS: Readonly<Record<string, 'requests' | 'errors' | 'timeouts' | 'refused' | 'active'>> = {
  upstream_rq_completed: 'requests',
  upstream_rq_5xx: 'errors',
  upstream_rq_timeout: 'timeouts',
  upstream_rq_pending_overflow: 'refused',
  upstream_rq_active: 'active',
};

/** Reads `COUNTERS_PAGE`: counters by cluster name. */
export function parseCounters(page: string): ReadonlyMap<string, ClusterCounters> {
  const clusters = new Map<string, ClusterCounters>();
  const amend = (name: string, change: Partial<ClusterCounters>) =>
    clusters.set(name, { ...(clusters.get(name) ?? NO_COUNTERS), ...change });
  for (const stat of pageSchema.parse(JSON.parse(page)).stats) {
    const scalar = scalarSchema.safeParse(stat);
    const histograms = histogramsSchema.safeParse(stat);
    if (scalar.success) {
      const { cluster, field } = splitName(scalar.data.name);
      const key = FIELDS[field];
      if (key !== undefined) amend(cluster, { [key]: scalar.data.value });
    } else if (histograms.success) {
      for (const { name, buckets } of histograms.data.histograms) {
        amend(splitName(name).cluster, { latency: toCounts(buckets) });
      }
    }
  }
  return clusters;
}

/**
 * What was counted between two readings. After a reset (a number that fell) everything since the reset. Requests that ended
 * without an answer are in no bucket of Envoy's; they count as slowest here.
 */
export function subtractCounters(now: ClusterCounters, before: ClusterCounters): ClusterCounters {
  const isReset =
    now.requests < before.requests ||
    now.latency.some((count, bucket) => count < (before.latency[bucket] ?? 0));
  const base = isReset ? NO_COUNTERS : before;
  const timeouts = Math.max(0, now.timeouts - base.timeouts);
  const refused = Math.max(0, now.refused - base.refused);
  const latency = now.latency.map((count, bucket) => count - (base.latency[bucket] ?? 0));
  return {
    requests: now.requests - base.requests,
    errors: Math.max(0, now.errors - base.errors),
    timeouts,
    refused,
    active: now.active,
    latency: latency.with(-1, (latency.at(-1) ?? 0) + timeouts + refused),
  };
}

function splitName(name: string): { readonly cluster: string; readonly field: string } {
  const end = name.lastIndexOf('.');
  return { cluster: name.slice('cluster.'.length, end), field: name.slice(end + 1) };
}

function toCounts(
  buckets: readonly { readonly upper_bound: number; readonly cumulative: number }[],
): number[] {
  const cumulative = LATENCY_EDGES.map(
    (edge) => buckets.find(({ upper_bound }) => upper_bound === edge)?.cumulative ?? 0,
  );
  return cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0)).concat(0);
}
