import type { AgentContext } from '../context.ts';
import { type ClusterCounters, countGiven, countUnanswered, sumLatency } from '../envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../envoy/latency-edges.ts';
import { clusterName, shadowClusterName } from '../envoy/traffic-plan.ts';
import { totalInvalid } from '../windows/total-invalid.ts';
import { METRICS, type SamplesOf, type ServedSample } from './table.ts';
import { tallyFailed } from './tally-failed.ts';

/** Upper bounds that are shown, in ms: fewer than are kept, since every version repeats them. */
const SHOWN_EDGES = LATENCY_EDGES.filter((edge) => /^[125]0*$/.test(String(edge)));

type Counted =
  | 'requests'
  | 'copies'
  | 'failed'
  | 'errors'
  | 'unanswered'
  | 'timeouts'
  | 'overflowed'
  | 'refused'
  | 'invalid'
  | 'active'
  | 'duration';

/** What is being read of each agent of this process. */
const readings = new WeakMap<AgentContext, Promise<SamplesOf<Counted>>>();

/**
 * What became of requests, by version; nothing of versions that the proxy has not counted, nor while it does not answer. Those who ask at
 * the same time are told the same: of two readings, the older one might come last and look as if the proxy had begun anew.
 */
export function countRequests(context: AgentContext): Promise<SamplesOf<Counted>> {
  const known = readings.get(context);
  if (known !== undefined) return known;
  const reading = readRequests(context).finally(() => readings.delete(context));
  readings.set(context, reading);
  return reading;
}

async function readRequests(context: AgentContext): Promise<SamplesOf<Counted>> {
  const counters = await context.proxy.counters().catch(() => new Map<string, ClusterCounters>());
  const instances = context.store
    .instances()
    .map(({ model, version }) => ({ labels: { model, version }, cluster: clusterName(model, version) }));
  const clusters = new Set(instances.map(({ cluster }) => cluster));
  const failedOf = tallyFailed(context, counters, (cluster) => clusters.has(cluster));
  const counted = instances.flatMap(({ labels, cluster }) => {
    const found = counters.get(cluster);
    return found === undefined ? [] : [{ labels, cluster, found }];
  });
  const each = (pick: (found: ClusterCounters) => number) =>
    counted.map(({ labels, found }) => ({ labels, value: pick(found) }));
  return {
    requests: each(countGiven),
    copies: instances.flatMap(({ labels }) => {
      const found = counters.get(shadowClusterName(labels.model, labels.version));
      return found === undefined ? [] : [{ labels, value: countGiven(found) }];
    }),
    failed: counted.map(({ labels, cluster }) => ({ labels, value: failedOf(cluster) })),
    errors: each(({ serverErrors }) => serverErrors),
    unanswered: each(countUnanswered),
    timeouts: each(({ timeouts }) => timeouts),
    overflowed: each(({ overflowed }) => overflowed),
    refused: each(({ clientErrors }) => clientErrors),
    invalid: counted.map(({ labels }) => ({ labels, value: totalInvalid(context, labels) })),
    active: each(({ active }) => active),
    duration: counted.flatMap(({ labels, found }) => toSamples(labels, found)),
  };
}

/** Cumulative buckets, sum and count of one version's latencies, in s. */
function toSamples(
  labels: ServedSample['labels'],
  { latency }: ClusterCounters,
): readonly Required<ServedSample>[] {
  const { name } = METRICS.duration;
  const countUpTo = (buckets: number) => latency.slice(0, buckets).reduce((sum, count) => sum + count, 0);
  const buckets = SHOWN_EDGES.map((edge) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: String(edge / 1_000) },
    value: countUpTo(LATENCY_EDGES.indexOf(edge) + 1),
  }));
  const count = countUpTo(latency.length);
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sumLatency(latency) / 1_000 },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
