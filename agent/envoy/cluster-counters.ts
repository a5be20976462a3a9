import { LATENCY_EDGES } from './latency-edges.ts';

/** Counters of Envoy's that are read, by the name they have here. All but `active` only grow, until Envoy starts again. */
const STATS = {
  sent: 'upstream_rq_total',
  answered: 'upstream_rq_completed',
  serverErrors: 'upstream_rq_5xx',
  clientErrors: 'upstream_rq_4xx',
  timeouts: 'upstream_rq_timeout',
  overflowed: 'upstream_rq_pending_overflow',
  unconnected: 'upstream_rq_pending_failure_eject',
  cancelled: 'upstream_rq_cancelled',
  cut: 'upstream_cx_destroy_with_active_rq',
  active: 'upstream_rq_active',
} as const;
type Counted = keyof typeof STATS;

const HISTOGRAM = 'upstream_rq_time';

/** The page of Envoy's admin interface with every counter that `parseCounters` reads: those of clusters that were ever asked. */
export const COUNTERS_PAGE = `/stats?usedonly&histogram_buckets=cumulative&filter=${encodeURIComponent(
  `^cluster\\.[^@]+@[0-9]+(-pinned|-shadow)?\\.(${[...Object.values(STATS), HISTOGRAM].join('|')})$`,
)}`;

/**
 * What Envoy has counted for one cluster since the cluster was made. `sent` found a connection; `answered` got a status, the
 * version's own or one that the proxy gave in its place (504 for `timeouts`, 503 for `overflowed` at the limit of open requests,
 * for `unconnected` and for a connection that broke). `cancelled` were given up by the client while they waited for a connection.
 * `cut` are connections that ended while a request was open on them: a client that gave up, a server that died, a timeout; Envoy's
 * own counters of resets stay at 0 for HTTP/1. `active` are open now. `latency` counts whole answers per bucket of `LATENCY_EDGES`;
 * one entry more than there are edges.
 */
export type ClusterCounters = Readonly<Record<Counted, number>> & { readonly latency: readonly number[] };

export const NO_COUNTERS: ClusterCounters = {
  sent: 0,
  answered: 0,
  serverErrors: 0,
  clientErrors: 0,
  timeouts: 0,
  overflowed: 0,
  unconnected: 0,
  cancelled: 0,
  cut: 0,
  active: 0,
  latency: LATENCY_EDGES.map(() => 0).concat(0),
};

const COUNTED = Object.keys(STATS).filter((key): key is Counted => key in STATS);
const FIELDS: ReadonlyMap<string, Counted> = new Map(COUNTED.map((key) => [STATS[key], key]));

const EDGE_INDEX = new Map(LATENCY_EDGES.map((edge, index) => [edge, index]));
const BEGINNINGS = LATENCY_EDGES.map((edge) => `B${edge}(`);

/** Reads `COUNTERS_PAGE`, one `cluster.<name>.<field>: <value>` per line: counters by cluster name. */
export function parseCounters(page: string): ReadonlyMap<string, ClusterCounters> {
  const clusters = new Map<string, Record<Counted, number> & { latency: readonly number[] }>();
  for (const line of page.split('\n')) {
    const colon = line.indexOf(': ');
    const dot = line.lastIndexOf('.', colon);
    if (colon < 0 || !line.startsWith('cluster.')) continue;
    const cluster = line.slice('cluster.'.length, dot);
    const field = line.slice(dot + 1, colon);
    const value = line.slice(colon + 2);
    const key = FIELDS.get(field);
    if (field !== HISTOGRAM && key === undefined) continue;
    const counters = clusters.get(cluster) ?? { ...NO_COUNTERS };
    clusters.set(cluster, counters);
    if (key === undefined) counters.latency = toCounts(value);
    else counters[key] = Number(value);
  }
  return clusters;
}

/** Whether Envoy began to count anew between two readings: a number that only grows fell. */
export function beganAnew(now: ClusterCounters, before: ClusterCounters): boolean {
  return (
    COUNTED.some((key) => key !== 'active' && now[key] < before[key]) ||
    now.latency.some((count, bucket) => count < (before.latency[bucket] ?? 0))
  );
}

/** What was counted between two readings, `active` as it is now; all that was counted when Envoy began anew in between. */
export function subtractCounters(now: ClusterCounters, before: ClusterCounters): ClusterCounters {
  if (beganAnew(now, before)) return now;
  const grown = Object.fromEntries(COUNTED.map((key) => [key, now[key] - before[key]]));
  const latency = now.latency.map((count, bucket) => count - (before.latency[bucket] ?? 0));
  return { ...now, ...grown, active: now.active, latency };
}

/** All requests that a cluster was given, open ones among them. */
export function countGiven({ sent, cancelled, overflowed, unconnected }: ClusterCounters): number {
  return sent + cancelled + overflowed + unconnected;
}

/** Requests that ended without a whole answer of the version's own; each is in none of the buckets of `latency`. */
export function countUnanswered({ cut, cancelled, overflowed, unconnected }: ClusterCounters): number {
  return cut + cancelled + overflowed + unconnected;
}

/**
 * Requests that ended without any status: clients gave them up. Answers whose status is sent and whose body is on its way are missing
 * from it, so that a later reading may give more than these two have ended in between, and never less than ended.
 */
export function countSilent(counters: ClusterCounters): number {
  return Math.max(0, countGiven(counters) - counters.active - counters.answered);
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

/** Reads `B10(0,4) B20(3,9)`: nine requests took 20 ms or less, three of them since the last flush. */
function toCounts(buckets: string): number[] {
  const cumulative = LATENCY_EDGES.map(() => 0);
  let expected = 0;
  for (let at = 0; at < buckets.length; ) {
    const comma = buckets.indexOf(',', at);
    const end = buckets.indexOf(')', comma);
    if (comma < 0 || end < 0) break;
    // Envoy tells them in their order: there is hardly ever one to be looked for.
    const isNext = buckets.startsWith(BEGINNINGS[expected] ?? 'none', at);
    const index = isNext ? expected : EDGE_INDEX.get(Number(buckets.slice(at + 1, buckets.indexOf('(', at))));
    if (index !== undefined) {
      cumulative[index] = Number(buckets.slice(comma + 1, end));
      expected = index + 1;
    }
    at = end + 2;
  }
  return cumulative.map((count, index) => count - (cumulative[index - 1] ?? 0)).concat(0);
}
