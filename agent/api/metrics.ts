import { VERSION_HEADER } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import type { ClusterCounters } from '../envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../envoy/latency-edges.ts';
import { clusterName } from '../envoy/traffic-plan.ts';

/** Upper bounds that are shown, in ms: fewer than are kept, since every version repeats them. */
const SHOWN_EDGES = LATENCY_EDGES.filter((edge) => /^[125]0*$/.test(String(edge)));

type Sample = {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly suffix?: string;
};
type Metric = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
};

/** The agent's counters in the Prometheus text format (version 0.0.4). */
export async function renderMetrics(context: AgentContext): Promise<string> {
  const counters = await context.proxy.counters().catch(() => new Map<string, ClusterCounters>());
  return [...versionMetrics(context, counters), ...hostMetrics(context)].map(renderMetric).join('');
}

function versionMetrics(
  { store }: AgentContext,
  counters: ReadonlyMap<string, ClusterCounters>,
): readonly Metric[] {
  const instances = store.instances();
  const counted = instances.flatMap(({ model, version }) => {
    const found = counters.get(clusterName(model, version));
    return found === undefined ? [] : [{ labels: { model, version }, found }];
  });
  const sum = (pick: (found: ClusterCounters) => number) =>
    counted.map(({ labels, found }) => ({ labels, value: pick(found) }));
  return [
    metric(
      'trainyard_requests_total',
      'counter',
      'Predictions answered.',
      sum(({ requests }) => requests),
    ),
    metric(
      'trainyard_errors_total',
      'counter',
      'Answers 5xx.',
      sum(({ errors }) => errors),
    ),
    metric(
      'trainyard_timeouts_total',
      'counter',
      'Predictions not answered in time.',
      sum(({ timeouts }) => timeouts),
    ),
    metric(
      'trainyard_refused_total',
      'counter',
      'Predictions refused at the limit of open requests.',
      sum(({ refused }) => refused),
    ),
    metric(
      'trainyard_active_requests',
      'gauge',
      'Predictions open now.',
      sum(({ active }) => active),
    ),
    metric(
      'trainyard_request_duration_seconds',
      'histogram',
      'Time to the whole answer.',
      counted.flatMap(({ labels, found }) => histogram(labels, found)),
    ),
    metric(
      'trainyard_instance_state',
      'gauge',
      '1 for the state each version is in.',
      instances.map(({ model, version, state }) => ({ labels: { model, version, state }, value: 1 })),
    ),
  ];
}

function hostMetrics({ store, proxy, clock }: AgentContext): readonly Metric[] {
  const traffic = Object.entries(store.traffic());
  const weights = traffic.flatMap(
    ([
      model,
      {
        traffic: { stable, candidate, candidatePercent },
      },
    ]) => [
      ...(stable === undefined
        ? []
        : [{ labels: { model, version: stable }, value: 100 - candidatePercent }]),
      ...(candidate === undefined
        ? []
        : [{ labels: { model, version: candidate }, value: candidatePercent }]),
    ],
  );
  const pending = store.outbox.pending();
  const { heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const one = (value: number) => [{ labels: {}, value }];
  return [
    metric(
      'trainyard_traffic_percent',
      'gauge',
      `Share of requests by version (${VERSION_HEADER}).`,
      weights,
    ),
    metric(
      'trainyard_braked',
      'gauge',
      '1 while this host has braked a rollout.',
      traffic.map(([model, stored]) => ({
        labels: { model },
        value: stored.traffic.brake === undefined ? 0 : 1,
      })),
    ),
    metric('trainyard_outbox_pending', 'gauge', 'Reports not delivered yet.', one(pending.count)),
    metric(
      'trainyard_proxy_up',
      'gauge',
      '1 while the proxy runs.',
      one(proxy.process() === undefined ? 0 : 1),
    ),
    metric(
      'trainyard_clock_jump_seconds',
      'gauge',
      'How far the machine’s clock is ahead of the time the agent goes by; 0 unless it was set.',
      one(clock.jumpMs() / 1_000),
    ),
    metric('process_resident_memory_bytes', 'gauge', 'Memory of the agent itself.', one(rss)),
    metric('nodejs_heap_used_bytes', 'gauge', 'Heap of the agent itself.', one(heapUsed)),
    metric(
      'process_cpu_seconds_total',
      'counter',
      'CPU time of the agent itself.',
      one((user + system) / 1e6),
    ),
  ];
}

function histogram(
  labels: Readonly<Record<string, string>>,
  { latency }: ClusterCounters,
): readonly Sample[] {
  const total = latency.reduce((sum, count) => sum + count, 0);
  const buckets = SHOWN_EDGES.map((edge) => {
    const upTo = LATENCY_EDGES.indexOf(edge) + 1;
    const value = latency.slice(0, upTo).reduce((sum, count) => sum + count, 0);
    return { labels: { ...labels, le: String(edge / 1_000) }, value, suffix: '_bucket' };
  });
  return [
    ...buckets,
    { labels: { ...labels, le: '+Inf' }, value: total, suffix: '_bucket' },
    { labels, value: total, suffix: '_count' },
  ];
}

function metric(name: string, type: Metric['type'], help: string, samples: readonly Sample[]): Metric {
  return { name, type, help, samples };
}

function renderMetric({ name, type, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value, suffix = '' }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
    return `${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
