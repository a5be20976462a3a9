import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { NO_COUNTERS, parseCounters, subtractCounters } from '../../agent/envoy/cluster-counters.ts';
import { buildBootstrap } from '../../agent/envoy/config/bootstrap.ts';
import { buildClusters } from '../../agent/envoy/config/clusters.ts';
import { buildListeners } from '../../agent/envoy/config/listeners.ts';
import { buildRoutes } from '../../agent/envoy/config/routes.ts';
import { LATENCY_EDGES } from '../../agent/envoy/latency-edges.ts';
import type { TrafficPlan } from '../../agent/envoy/traffic-plan.ts';
import { findEnvoy } from '../../agent/machine/toolchain.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';

const settings = {
  folder: '/tmp/x',
  address: '127.0.0.1',
  port: 8080,
  maxBodyBytes: 1_000,
  maxInFlight: 7,
  maxClientConnections: 9,
  requestLogShare: 0,
};
/** The part of a listener that is looked at chain by chain. */
const chainSchema = z.object({
  filters: z.array(z.object({ typed_config: z.looseObject({ max_connections: z.number().optional() }) })),
});
const listenersSchema = z.object({
  resources: z.array(z.object({ filter_chains: z.array(chainSchema) })),
});
const backend = { model: 'm', timeoutSeconds: 3 };
const plan: TrafficPlan = {
  backends: [
    { ...backend, version: '1', port: 1_001 },
    { ...backend, version: '2', port: 1_002 },
  ],
  splits: [
    { model: 'm', stable: '1', candidate: '2', candidatePercent: 0.01, shadow: true, isAnswered: true },
  ],
  unnamed: 'm',
};

describe('the proxy’s configuration', () => {
  test('shares out hundredths of a percent', () => {
    const { text } = buildRoutes(plan);
    expect(text).toContain('"name":"m@1","weight":9999');
    expect(text).toContain('"name":"m@2","weight":1');
  });

  test('mirrors to the shadow, retries nothing and bounds time, size and open requests', () => {
    const routes = buildRoutes(plan).text;
    expect(routes).toContain('"request_mirror_policies":[{"cluster":"m@2-shadow",');
    expect(routes).not.toContain('retry');
    expect(routes).toContain('"timeout":"8s"');
    expect(buildListeners(settings).text).toContain('"max_request_bytes":1000');
    expect(buildClusters(plan, settings).text).toContain('"max_connections":7');
  });

  test('lets its user alone steer the proxy', () => {
    // 384 is 0600.
    expect(JSON.parse(buildBootstrap(settings))).toMatchObject({
      admin: { address: { pipe: { path: '/tmp/x/admin.sock', mode: 384 } } },
    });
  });

  test('gives a candidate without backend nothing', () => {
    const { text } = buildRoutes({ ...plan, backends: plan.backends.slice(0, 1) });
    expect(text).toContain('"name":"m@1","weight":10000');
    expect(text).not.toContain('m@2');
  });

  test('keeps no connection that says nothing: neither one that never did, nor one that no longer does', () => {
    const { text } = buildListeners(settings);
    expect(text).toContain('"idle_timeout":"75s"');
    expect(text).toContain('"request_headers_timeout":"10s"');
    expect(text).toContain('"request_timeout":"60s"');
    // What waits for a connection to speak waits before it counts as anybody's.
    expect(text).not.toContain('listener_filters');
  });

  test('lets a client have its share of the connections, and all together 10,000', () => {
    const [listener] = listenersSchema.parse(JSON.parse(buildListeners(settings).text)).resources;
    const limits = listener?.filter_chains.map(({ filters }) => filters[0]?.typed_config.max_connections);
    expect(limits).toEqual(Array.from({ length: 64 }, () => 9));
    expect(buildBootstrap(settings)).toContain('"max_active_downstream_connections":10000');
  });

  test('has another version when it says something else, and the same when not', () => {
    expect(buildRoutes(plan).version).toBe(buildRoutes(plan).version);
    expect(buildRoutes({ ...plan, splits: [] }).version).not.toBe(buildRoutes(plan).version);
  });

  test.skipIf(!HAS_TOOLCHAIN)('is taken by Envoy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ty-'));
    const here = { ...settings, folder };
    writeFileSync(join(folder, 'bootstrap.json'), buildBootstrap(here));
    writeFileSync(join(folder, 'lds.json'), buildListeners(here).text);
    writeFileSync(join(folder, 'cds.json'), buildClusters(plan, here).text);
    writeFileSync(join(folder, 'rds.json'), buildRoutes(plan).text);
    const envoy = await findEnvoy(PYTHON, {});
    const run = promisify(execFile)(envoy, ['--mode', 'validate', '-c', join(folder, 'bootstrap.json')]);
    expect((await run).stdout).toContain('OK');
    rmSync(folder, { recursive: true, force: true });
  });
});

describe('the proxy’s counters', () => {
  const page = (requests: number, at20: number) => {
    const buckets = LATENCY_EDGES.map((edge) => ` B${edge}(0,${edge >= 20 ? at20 : 0})`).join('');
    return [
      `cluster.m@1.upstream_rq_completed: ${requests}`,
      'cluster.m@1.upstream_rq_5xx: 2',
      `cluster.m@1.upstream_rq_time:${buckets}`,
      '',
    ].join('\n');
  };

  test('are read per cluster, latency as counts per bucket', () => {
    const counters = parseCounters(page(9, 9)).get('m@1');
    expect(counters).toMatchObject({ answered: 9, serverErrors: 2 });
    expect(counters?.latency[LATENCY_EDGES.indexOf(20)]).toBe(9);
    expect(counters?.latency).toHaveLength(LATENCY_EDGES.length + 1);
  });

  test('give what happened in between, and after a restart what happened since', () => {
    const before = parseCounters(page(9, 9)).get('m@1') ?? NO_COUNTERS;
    const after = parseCounters(page(15, 15)).get('m@1') ?? NO_COUNTERS;
    const restarted = parseCounters(page(4, 4)).get('m@1') ?? NO_COUNTERS;
    expect(subtractCounters(after, before)).toMatchObject({ answered: 6, serverErrors: 0 });
    expect(subtractCounters(restarted, after)).toMatchObject({ answered: 4, serverErrors: 2 });
  });
});

test('latency edges are at most 10 % apart above 10 ms', () => {
  const far = LATENCY_EDGES.filter((edge, index) => {
    const before = LATENCY_EDGES[index - 1];
    return before !== undefined && before >= 10 && edge / before > 1.1 + 1e-9;
  });
  expect(far).toEqual([]);
});
