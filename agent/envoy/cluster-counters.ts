import { LATENCY_EDGES } from './latency-edges.ts';

/** The page of Envoy's admin interface with every counter that `parseCounters` reads: those of clusters that were ever asked. */
export const COUNTERS_PAGE = `/stats?usedonly&histogram_buckets=cumulative&filter=${encodeURIComponent(
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

const FIELDS: Readonly<Record<string, 'requests' | 'errors' | 'timeouts' | 'refused' | 'active'>> = {
  upstream_rq_completed: 'requests',
  upstream_rq_5xx: 'errors',
  upstream_rq_timeout: 'timeouts',
  upstream_rq_pending_overflow: 'refused',
  upstream_rq_active: 'active',
};

const HISTOGRAM = 'upstream_rq_time';
/** As in ` B20(3,9)`: nine requests took 20 ms or less, three of them since the last flush. */
const BUCKET = /B(?<edge>[\d.e+]+)\(\d+,(?<cumulative>\d+)\)/g;
const EDGE_INDEX = new Map(LATENCY_EDGES.map((edge, index) => [edge, index]));

/** Reads `COUNTERS_PAGE`, one `cluster.<name>.<field>: <value>` per line: counters by cluster name. */
export function parseCounters(page: string): ReadonlyMap<string, ClusterCounters> {
  const clusters = new Map<string, ClusterCounters>();
  for (const line of page.split('\n')) {
    const colon = line.indexOf(': ');
    const dot = line.lastIndexOf('.', colon);
    if (colon < 0 || !line.startsWith('cluster.')) continue;
    const cluster = line.slice('cluster.'.length, dot);
    const field = line.slice(dot + 1, colon);
    const value = line.slice(colon + 2);
    const known = clusters.get(cluster) ?? NO_COUNTERS;
    const key = FIELDS[field];
    if (field === HISTOGRAM) clusters.set(cluster, { ...known, latency: toCounts(value) });
    else if (key !== undefined) clusters.set(cluster, { ...known, [key]: Number(value) });
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

/**
 * The sum of so many answers' times per bucket, in ms, at most 8 % off above 1 ms. Envoy takes times in whole ms, keeps two digits of them, and
 * counts a bin to the edge that it begins at: so what lies in a bucket is between the bins of two edges, and in their middle on
 * average.
 */
export function sumLatency(latency: readonly number[]): number {
  return latency.reduce((sum, count, index) => {
    const before = LATENCY_EDGES[index - 1] ?? -1;
    const edge = LATENCY_EDGES[index] ?? before;
    return sum + (count * (before + binWidth(before) + edge + binWidth(edge) - 1)) / 2;
  }, 0);
}

/** How many whole ms begin with the same two digits. */
function binWidth(edge: number): number {
  return 10 ** Math.max(0, String(edge).length - 2);
}

function toCounts(buckets: string): number[] {
  const cumulative = LATENCY_EDGES.map(() => 0);
  for (const { groups } of buckets.matchAll(BUCKET)) {
    const index = EDGE_INDEX.get(Number(groups?.['edge']));
    if (index !== undefined) cumulative[index] = Number(groups?.['cumulative']);
  }
  return cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0)).concat(0);
}
