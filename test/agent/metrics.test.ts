import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { NO_COUNTERS, sumLatency } from '../../agent/envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../../agent/envoy/latency-edges.ts';
import { clusterName, shadowClusterName } from '../../agent/envoy/traffic-plan.ts';
import { captureFolder } from '../../agent/instances/launch.ts';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { VERSION } from '../../core/version.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';
import { openMeteredHost } from './support/metered-host.ts';

let host: FakeHost;
beforeEach(async () => {
  host = openFakeHost();
  const agent = createAgent(host.context);
  for (const version of ['1', '2']) {
    const manifest = await storePackage(host.context, version);
    await agent.startInstance('mnist', version, { manifest });
  }
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  const split = { stable: '1', candidate: '2', candidatePercent: 10, shadow: false };
  await agent.setTraffic('mnist', split, undefined);
  host.world.counters.set(clusterName('mnist', '1'), {
    sent: 13,
    answered: 8,
    serverErrors: 2,
    clientErrors: 1,
    timeouts: 1,
    overflowed: 1,
    unconnected: 0,
    cancelled: 2,
    cut: 3,
    active: 3,
    latency: countsOf([4, 4, 30, 200, 2_000]),
  });
  host.world.counters.set(shadowClusterName('mnist', '2'), {
    ...NO_COUNTERS,
    sent: 7,
    answered: 5,
    active: 2,
  });
});
afterEach(() => host.close());

/** Counts per bucket of answers that took so long, in ms. */
function countsOf(times: readonly number[]): number[] {
  return times.reduce((counts, time) => {
    const bucket = LATENCY_EDGES.findIndex((edge) => time <= edge);
    return counts.with(bucket, (counts[bucket] ?? 0) + 1);
  }, NO_COUNTERS.latency.slice());
}

test('each version has its counts, its share and its state', async () => {
  const lines = (await renderMetrics(host.context)).split('\n');
  for (const line of [
    '# TYPE trainyard_requests_total counter',
    'trainyard_requests_total{model="mnist",version="1"} 16',
    'trainyard_shadow_requests_total{model="mnist",version="2"} 7',
    'trainyard_errors_total{model="mnist",version="1"} 2',
    'trainyard_unanswered_total{model="mnist",version="1"} 6',
    'trainyard_timeouts_total{model="mnist",version="1"} 1',
    'trainyard_overflowed_total{model="mnist",version="1"} 1',
    'trainyard_invalid_total{model="mnist",version="1"} 0',
    'trainyard_refused_total{model="mnist",version="1"} 1',
    'trainyard_active_requests{model="mnist",version="1"} 3',
    'trainyard_instance_state{model="mnist",version="2",state="ready"} 1',
    'trainyard_traffic_ratio{model="mnist",version="1"} 0.9',
    'trainyard_traffic_ratio{model="mnist",version="2"} 0.1',
    'trainyard_braked{model="mnist"} 0',
    'trainyard_outbox_pending 0',
    'trainyard_clock_jump_seconds 0',
  ]) {
    expect(lines).toContain(line);
  }
});

test('latencies are a histogram in seconds: buckets that add up, sum and count', async () => {
  const name = 'trainyard_request_duration_seconds';
  const lines = (await renderMetrics(host.context)).split('\n');
  expect(lines).toContain(`# TYPE ${name} histogram`);
  for (const [edge, count] of [
    ['0.002', 0],
    ['0.005', 2],
    ['0.05', 3],
    ['0.2', 4],
    ['1', 4],
    ['2', 5],
    ['+Inf', 5],
  ]) {
    expect(lines).toContain(`${name}_bucket{model="mnist",version="1",le="${edge}"} ${count}`);
  }
  expect(lines).toContain(`${name}_count{model="mnist",version="1"} 5`);
  const sum = lines.find((line) => line.startsWith(`${name}_sum`))?.split(' ')[1];
  expect(Math.abs(Number(sum) - 2.238)).toBeLessThan(0.08 * 2.238);
});

test('the sum of latencies is exact up to 10 ms, near above, and about 60 s for what took longer', () => {
  expect(sumLatency(countsOf([2, 5, 10]))).toBe(17);
  for (const time of [11, 27, 54, 99, 450, 9_500, 60_000]) {
    const off = Math.abs(sumLatency(countsOf([time])) - time) / time;
    expect(off, String(time)).toBeLessThan(0.08);
  }
  expect(sumLatency(NO_COUNTERS.latency.with(-1, 1))).toBeCloseTo(61_000, -1);
});

test('a count of invalid answers never falls: not when what a worker wrote is dropped, nor when an idle one goes on', async () => {
  const folder = captureFolder(host.folder, 'mnist', '1');
  mkdirSync(folder, { recursive: true });
  const at = host.context.clock.now();
  const write = (worker: string, invalidAnswers: number) =>
    writeFileSync(
      join(folder, `${worker}.json`),
      JSON.stringify({
        ...{ schema: 'trainyard.capture/1', model: 'mnist', version: '1', worker, startedAt: at, at },
        ...{ n: 9, invalid: 9, invalidAnswers, refused: 0, features: {}, prediction: { counts: [9] } },
      }),
    );
  const told = async () =>
    /trainyard_invalid_total\{model="mnist",version="1"\} (\d+)/.exec(await renderMetrics(host.context))?.[1];
  write('idle', 5);
  write('busy', 2);
  expect(await told()).toBe('7');
  write('idle', 6);
  host.world.now += 40 * 86_400_000;
  utimesSync(join(folder, 'idle.json'), 1, 1);
  await pruneStore(host.context);
  expect(existsSync(join(folder, 'idle.json'))).toBe(false);
  expect(await told()).toBe('8');
  write('busy', 3);
  expect(await told()).toBe('9');
  write('idle', 7);
  expect(await told()).toBe('10');
});

test('a proxy that does not answer leaves its counts out, and nothing else', async () => {
  Object.assign(host.context.proxy, { counters: () => Promise.reject(new Error('down')) });
  const text = await renderMetrics(host.context);
  expect(text).not.toMatch(/^trainyard_requests_total/m);
  expect(text).toContain('trainyard_braked{model="mnist"} 0');
});

test('a reader scrapes it over HTTP', async () => {
  const { status, headers } = await askApp(createApp(createAgent(host.context)), '/metrics', {
    headers: { authorization: `Bearer ${TOKENS.reader}` },
  });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
});

test('the host tells its version, its disk, what it warns of, and since when a report waits', async () => {
  const quiet = await renderMetrics(host.context);
  expect(quiet).toContain(`trainyard_agent_info{version="${VERSION}",runtime="process"} 1\n`);
  expect(quiet).toContain('trainyard_warning{code="clock-jumped"} 0\n');
  expect(quiet).not.toContain('trainyard_outbox_oldest_timestamp_seconds');
  expect(quiet).toContain(`process_start_time_seconds ${Date.parse('2026-01-01T00:00:00Z') / 1_000}\n`);
  const bytes = (of: string) =>
    Number(new RegExp(`^trainyard_disk_${of}_bytes (\\d+)$`, 'm').exec(quiet)?.[1]);
  expect(bytes('reserve')).toBe(host.context.options.reserveBytes);
  expect(bytes('free')).toBeGreaterThan(0);
  expect(bytes('size')).toBeGreaterThanOrEqual(bytes('free'));

  const metered = await openMeteredHost();
  onTestFinished(() => metered.host.close());
  const { store } = metered.host.context;
  const told = await renderMetrics(metered.host.context);
  expect(told).toContain('trainyard_warning{code="clock-jumped"} 1\n');
  expect(told).toContain('trainyard_warning{code="version-away"} 0\n');
  const { count, oldest = '' } = store.outbox.pending();
  expect(told).toContain(`trainyard_outbox_pending ${count}\n`);
  expect(told).toContain(`trainyard_outbox_oldest_timestamp_seconds ${Date.parse(oldest) / 1_000}\n`);
});

const OPEN = {
  authorization: `Bearer ${TOKENS.reader}`,
  accept: 'application/openmetrics-text;q=0.5,*/*;q=0.1',
};

/** What the proxy writes of a request, by its id. */
const logged = (request: string, milliseconds: number, more: object = {}) =>
  JSON.stringify({
    ...{ at: '2026-01-01T00:00:01.500Z', request, trace: null, version: 'mnist@1', status: 200, flags: '-' },
    ...{ milliseconds, bytesIn: 1, bytesOut: 1, protocol: 'HTTP/1.1', ...more },
  });

test('who prefers OpenMetrics is told, in each bucket, the last logged request of it by its id and its trace', async () => {
  const { host: open } = await openMeteredHost({ 'request-log-share': '1' });
  onTestFinished(() => open.close());
  mkdirSync(join(open.folder, 'envoy'), { recursive: true });
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const long = 'x'.repeat(128);
  const lines = [
    logged('earlier', 4),
    logged('asked-1', 3, { trace }),
    logged('pinned', 40, { version: 'mnist@1-pinned' }),
    logged('nowhere', 40, { version: null }),
    logged(long, 180, { trace }),
    logged('slow "\\', 90_000),
    logged('of-2', 5, { version: 'mnist@2' }),
    '{"cut off',
  ];
  writeFileSync(join(open.folder, 'envoy', 'requests.log'), lines.join('\n'));
  const answer = await askApp(createApp(createAgent(open.context)), '/metrics', { headers: OPEN });
  expect(answer.headers.get('content-type')).toBe(
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  );
  const text = await answer.text();
  const told = text.split('\n').flatMap((line) => {
    const [, version, le, exemplar] =
      /^trainyard_request_duration_seconds_bucket\{model="mnist",version="(\d)",le="([^"]+)"\} \d+ # (.*)$/.exec(
        line,
      ) ?? [];
    return exemplar === undefined ? [] : [`${version} ${le} ${exemplar}`];
  });
  expect(told).toEqual([
    '1 0.005 {request_id="asked-1",trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.003 1767225601.503',
    '1 0.2 {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.18 1767225601.68',
    '1 +Inf {request_id="slow \\"\\\\"} 90 1767225691.5',
    '2 0.005 {request_id="of-2"} 0.005 1767225601.505',
  ]);
  expect(text).toContain('# TYPE trainyard_requests counter\n');
  expect(text).toMatch(/^trainyard_requests_total\{model="mnist",version="1"\} \d+$/m);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

test('a log of requests that can not be read costs the exemplars alone, and is told once', async () => {
  const { host: open } = await openMeteredHost({ 'request-log-share': '1' });
  onTestFinished(() => open.close());
  const file = join(open.folder, 'envoy', 'requests.log');
  mkdirSync(file, { recursive: true });
  const app = createApp(createAgent(open.context));
  const read = async () => {
    const answer = await askApp(app, '/metrics', { headers: OPEN });
    expect(answer.status).toBe(200);
    return answer.text();
  };
  const told = () => open.world.log.filter((line) => line.includes('requests.log'));
  for (let time = 0; time < 2; time += 1) {
    const text = await read();
    expect(text).toContain('trainyard_request_duration_seconds_bucket');
    expect(text).not.toContain(' # {');
  }
  expect(told()).toEqual([expect.stringMatching(/^warning: Metrics have no exemplars: .*EISDIR/)]);
  rmSync(file, { recursive: true });
  writeFileSync(file, logged('asked-1', 3));
  expect(await read()).toContain('request_id="asked-1"');
  rmSync(file);
  mkdirSync(file);
  await read();
  expect(told()).toHaveLength(2);
});

test('where no request is logged OpenMetrics has no exemplar, and who prefers nothing is told in the text format', async () => {
  const app = createApp(createAgent(host.context));
  expect(await (await askApp(app, '/metrics', { headers: OPEN })).text()).not.toContain(' # {');
  for (const accept of ['*/*', 'text/plain', 'application/openmetrics-text;q=0.1, text/plain']) {
    const { headers } = await askApp(app, '/metrics', { headers: { ...OPEN, accept } });
    expect(headers.get('content-type'), accept).toContain('text/plain; version=0.0.4');
  }
});

const promtool = spawnSync('promtool', ['--version']);

test.skipIf(promtool.error !== undefined)('promtool finds nothing wrong', async () => {
  const metered = await openMeteredHost();
  onTestFinished(() => metered.host.close());
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await renderMetrics(metered.host.context),
    encoding: 'utf8',
  });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});
