import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { type ClusterCounters, countGiven, countUnanswered, sumLatency } from '../envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../envoy/latency-edges.ts';
import { clusterName } from '../envoy/traffic-plan.ts';
import { listMonitored } from '../windows/note-monitor.ts';
import { totalInvalid } from '../windows/total-invalid.ts';

/** Upper bounds that are shown, in ms: fewer than are kept, since every version repeats them. */
const SHOWN_EDGES = LATENCY_EDGES.filter((edge) => /^[125]0*$/.test(String(edge)));

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };
type HistogramSample = Sample & { readonly metricName: string };
/** What is told of a metric, and which labels its samples have. */
type Told = { readonly name: string; readonly help: string; readonly labelNames: string[] };

const BY_VERSION = ['model', 'version'];

/** The agent's counters in the Prometheus text format (version 0.0.4). */
export async function renderMetrics(context: AgentContext): Promise<string> {
  const counters = await context.proxy.counters().catch(() => new Map<string, ClusterCounters>());
  // A registry for each answer: others count, and there is nothing to keep in between.
  const registry = new Registry();
  addRequests(registry, context, counters);
  addVersions(registry, context);
  addHost(registry, context);
  addProcess(registry);
  return registry.metrics();
}

function addRequests(
  registry: Registry,
  context: AgentContext,
  counters: ReadonlyMap<string, ClusterCounters>,
): void {
  const counted = context.store.instances().flatMap(({ model, version }) => {
    const found = counters.get(clusterName(model, version));
    return found === undefined ? [] : [{ labels: { model, version }, found }];
  });
  const each = (pick: (found: ClusterCounters) => number) =>
    counted.map(({ labels, found }) => ({ labels, value: pick(found) }));
  const count = (name: string, help: string, pick: (found: ClusterCounters) => number) =>
    addCounter(registry, { name, help, labelNames: BY_VERSION }, each(pick));
  count('trainyard_requests_total', 'Predictions asked for, open ones among them.', countGiven);
  count(
    'trainyard_errors_total',
    'Answers 5xx, the proxy’s own among them.',
    ({ serverErrors }) => serverErrors,
  );
  count(
    'trainyard_unanswered_total',
    'Predictions that the version never answered whole: given up, reset, out of time or room.',
    countUnanswered,
  );
  count('trainyard_timeouts_total', 'Predictions not answered in time.', ({ timeouts }) => timeouts);
  count(
    'trainyard_overflowed_total',
    'Predictions turned away at the limit of open requests.',
    ({ overflowed }) => overflowed,
  );
  count('trainyard_refused_total', 'Answers 4xx.', ({ clientErrors }) => clientErrors);
  addCounter(
    registry,
    {
      name: 'trainyard_invalid_total',
      help: 'Predictions answered with what was NaN or broke the schema.',
      labelNames: BY_VERSION,
    },
    counted.map(({ labels }) => ({ labels, value: totalInvalid(context, labels) })),
  );
  addGauge(
    registry,
    { name: 'trainyard_active_requests', help: 'Predictions open now.', labelNames: BY_VERSION },
    each(({ active }) => active),
  );
  const name = 'trainyard_request_duration_seconds';
  const help = 'Time to the whole answer. The sum is taken from narrow buckets, right to 8 %.';
  new CountedHistogram(
    registry,
    { name, help, labelNames: BY_VERSION },
    counted.flatMap(({ labels, found }) => toSamples(name, labels, found)),
  );
}

function addVersions(registry: Registry, { store }: AgentContext): void {
  const traffic = Object.entries(store.traffic());
  const shares = traffic.flatMap(
    ([
      model,
      {
        traffic: { stable, candidate, candidatePercent },
      },
    ]) => [
      { model, version: stable, percent: 100 - candidatePercent },
      { model, version: candidate, percent: candidatePercent },
    ],
  );
  addGauge(
    registry,
    {
      name: 'trainyard_instance_state',
      help: '1 for the state each version is in.',
      labelNames: [...BY_VERSION, 'state'],
    },
    store.instances().map(({ model, version, state }) => ({ labels: { model, version, state }, value: 1 })),
  );
  addGauge(
    registry,
    {
      name: 'trainyard_traffic_ratio',
      help: 'Share of requests that each version is given, 0 to 1.',
      labelNames: BY_VERSION,
    },
    shares.flatMap(({ model, version, percent }) =>
      version === undefined ? [] : [{ labels: { model, version }, value: percent / 100 }],
    ),
  );
  addGauge(
    registry,
    { name: 'trainyard_braked', help: '1 while this host has braked a rollout.', labelNames: ['model'] },
    traffic.map(([model, stored]) => ({
      labels: { model },
      value: stored.traffic.brake === undefined ? 0 : 1,
    })),
  );
}

function addHost(registry: Registry, context: AgentContext): void {
  const { store, proxy, clock } = context;
  addGauge(
    registry,
    {
      name: 'trainyard_monitored_timestamp_seconds',
      help: 'When a monitor last looked at each model, or since when one is waited for.',
      labelNames: ['model'],
    },
    listMonitored(context).map(({ model, at }) => ({ labels: { model }, value: epochMs(at) / 1_000 })),
  );
  const gauge = (name: string, help: string, value: number) =>
    addGauge(registry, { name, help, labelNames: [] }, [{ labels: {}, value }]);
  gauge('trainyard_outbox_pending', 'Reports not delivered yet.', store.outbox.pending().count);
  gauge('trainyard_proxy_up', '1 while the proxy runs.', proxy.process() === undefined ? 0 : 1);
  gauge(
    'trainyard_clock_jump_seconds',
    'How far the machine’s clock is ahead of the time the agent goes by; 0 unless it was set.',
    clock.jumpMs() / 1_000,
  );
}

function addProcess(registry: Registry): void {
  const { heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const gauge = (name: string, help: string, value: number) =>
    addGauge(registry, { name, help, labelNames: [] }, [{ labels: {}, value }]);
  gauge('process_resident_memory_bytes', 'Memory of the agent itself.', rss);
  gauge('nodejs_heap_used_bytes', 'Heap of the agent itself.', heapUsed);
  addCounter(
    registry,
    { name: 'process_cpu_seconds_total', help: 'CPU time of the agent itself.', labelNames: [] },
    [{ labels: {}, value: (user + system) / 1e6 }],
  );
}

/** Cumulative buckets, sum and count of one version's latencies, in s. */
function toSamples(
  name: string,
  labels: Sample['labels'],
  { latency }: ClusterCounters,
): readonly HistogramSample[] {
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

function addCounter(registry: Registry, told: Told, samples: readonly Sample[]): void {
  const counter = new Counter({ ...told, registers: [registry] });
  for (const { labels, value } of samples) counter.inc(labels, value);
}

function addGauge(registry: Registry, told: Told, samples: readonly Sample[]): void {
  const gauge = new Gauge({ ...told, registers: [registry] });
  for (const { labels, value } of samples) gauge.set(labels, value);
}

/** A histogram whose requests the proxy has counted: prom-client's own can only observe them one by one. */
class CountedHistogram extends Histogram {
  readonly #told: Told;
  readonly #values: readonly HistogramSample[];

  constructor(registry: Registry, told: Told, values: readonly HistogramSample[]) {
    super({ ...told, registers: [registry] });
    this.#told = told;
    this.#values = values;
  }

  /** What the registry writes down of it. */
  async getForPromString(): Promise<object> {
    return { ...this.#told, type: 'histogram', values: this.#values };
  }
}
