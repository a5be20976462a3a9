import { COUNTERS_PAGE } from '../../../agent/envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../../../agent/envoy/latency-edges.ts';

/** What Envoy counts for one cluster (its documentation, "Cluster manager statistics"), under its own names. */
type EnvoyCounters = {
  /** Requests given to the upstream; those refused before (overflow, no connection) are not among them. */
  upstream_rq_total: number;
  /** Requests whose response, the proxy's own included, has been counted. */
  upstream_rq_completed: number;
  upstream_rq_2xx: number;
  upstream_rq_4xx: number;
  upstream_rq_5xx: number;
  upstream_rq_timeout: number;
  upstream_rq_active: number;
  upstream_rq_pending_overflow: number;
  upstream_rq_pending_failure_eject: number;
  upstream_rq_cancelled: number;
  /** Connections that ended while a request was open on them: the client has gone. Counters of resets stay at 0 for HTTP/1. */
  upstream_cx_destroy_with_active_rq: number;
};

/** A cluster's counters and its histogram: answers by bucket of `LATENCY_EDGES`. */
export type ClusterStats = { readonly counters: EnvoyCounters; readonly times: number[] };

/** A cluster that was never asked. */
export function newClusterStats(): ClusterStats {
  return {
    counters: {
      ...{ upstream_rq_total: 0, upstream_rq_completed: 0, upstream_rq_active: 0, upstream_rq_timeout: 0 },
      ...{ upstream_rq_2xx: 0, upstream_rq_4xx: 0, upstream_rq_5xx: 0, upstream_rq_cancelled: 0 },
      ...{ upstream_rq_pending_overflow: 0, upstream_rq_pending_failure_eject: 0 },
      upstream_cx_destroy_with_active_rq: 0,
    },
    times: LATENCY_EDGES.map(() => 0),
  };
}

/** Answers that took so many ms. */
export function addTimes({ times }: ClusterStats, ms: number, answers: number): void {
  const index = LATENCY_EDGES.findIndex((edge) => ms <= edge);
  times[index] = (times[index] ?? 0) + answers;
}

const FILTER = new RegExp(new URL(COUNTERS_PAGE, 'http://envoy').searchParams.get('filter') ?? '');

const shown = new Map<string, boolean>();

/** Whether the page shows this counter or histogram: there are few of them, asked for at every look. */
function isShown(name: string): boolean {
  const known = shown.get(name) ?? FILTER.test(name);
  shown.set(name, known);
  return known;
}

/** The admin page that the agent asks for: used counters that its filter lets through, and histograms in cumulative buckets. */
export function renderCounters(clusters: ReadonlyMap<string, ClusterStats>): string {
  const lines: string[] = [];
  for (const [name, { counters, times }] of clusters) {
    for (const [field, value] of Object.entries(counters)) {
      if (value > 0 && isShown(`cluster.${name}.${field}`)) lines.push(`cluster.${name}.${field}: ${value}`);
    }
    if (counters.upstream_rq_completed > 0 && isShown(`cluster.${name}.upstream_rq_time`)) {
      lines.push(`cluster.${name}.upstream_rq_time: ${renderBuckets(times)}`);
    }
  }
  return lines.join('\n');
}

const BEGINNINGS = LATENCY_EDGES.map((edge, index) => `${index === 0 ? '' : ' '}B${edge}(0,`);

function renderBuckets(times: readonly number[]): string {
  let [sum, end, text] = [0, '0)', ''];
  for (const [index, beginning] of BEGINNINGS.entries()) {
    const added = times[index] ?? 0;
    sum += added;
    if (added !== 0) end = `${sum})`;
    text += beginning + end;
  }
  return text;
}
