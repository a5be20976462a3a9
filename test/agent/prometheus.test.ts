import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApp, listen } from '../../agent/api/server.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { answers, type Child, startChild } from '../../sandbox/machine/child-process.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { readDashboards } from './support/dashboards.ts';
import { METERED_MODEL, type MeteredHost, openMeteredHost } from './support/metered-host.ts';

const HAS_PROMETHEUS = spawnSync('prometheus', ['--version']).error === undefined;
/** What Grafana puts in the place of its variables; the interval spans many of the scrapes below. */
const VARIABLES = { $__rate_interval: '60s', $instance: '.+', $model: METERED_MODEL };

/** A query as Grafana sends it. */
function fillIn(expr: string): string {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

/** What is wrong with the host of these tests, and what is not; whether it is silent is left out: a busy machine may let a scrape wait. */
const WRONG = [
  'TrainyardProxyDown',
  'TrainyardBraked',
  'TrainyardMonitorSilent',
  'TrainyardReportsWait',
  'TrainyardClockJumped',
];
const RIGHT = [
  'TrainyardNoHosts',
  'TrainyardAgentRestarts',
  'TrainyardVersionFailed',
  'TrainyardDiskFull',
  'TrainyardHostWarns',
];

const dataSchema = z.object({ status: z.literal('success'), data: z.unknown() });
const samplesSchema = z.object({
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
  ),
});
const targetsSchema = z.object({
  activeTargets: z.array(z.object({ health: z.string(), lastError: z.string() })),
});
const rulesSchema = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ name: z.string(), health: z.string(), state: z.string() })) }),
  ),
});

const exemplarsSchema = z.array(
  z.object({
    seriesLabels: z.record(z.string(), z.string()),
    exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()) })),
  }),
);

/** The Prometheus of Debian reads a host over HTTP, as an operator's does. */
describe.skipIf(!HAS_PROMETHEUS)('a real Prometheus', { timeout: 180_000 }, () => {
  let folder: string;
  let url: string;
  let prometheus: Child;
  let metered: MeteredHost;
  let server: Awaited<ReturnType<typeof listen>>;
  let served = 100;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'ty-prometheus-'));
    const [control = 0, web = 0] = await findFreePorts(2);
    metered = await openMeteredHost({ listen: `127.0.0.1:${control}`, 'request-log-share': '1' });
    const log = path.join(metered.host.folder, 'envoy', 'requests.log');
    mkdirSync(path.dirname(log), { recursive: true });
    const line = { request: 'asked-1', version: `${METERED_MODEL}@1`, milliseconds: 12 };
    writeFileSync(log, `${JSON.stringify({ ...line, at: new Date().toISOString() })}\n`);
    server = await listen(createApp(metered.agent), metered.agent);
    const config = path.join(folder, 'prometheus.yml');
    writeFileSync(
      config,
      JSON.stringify({
        // A scrape may take as long as the interval: on a busy machine, seconds.
        global: { scrape_interval: '5s', scrape_timeout: '5s', evaluation_interval: '1s' },
        rule_files: [path.join(ROOT, 'deploy', 'prometheus', 'rules.yml')],
        scrape_configs: [
          {
            job_name: 'trainyard',
            authorization: { credentials: TOKENS.reader },
            static_configs: [{ targets: [`127.0.0.1:${control}`] }],
          },
        ],
      }),
    );
    url = `http://127.0.0.1:${web}`;
    prometheus = await startChild({
      command: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${web}`,
        '--enable-feature=exemplar-storage',
      ],
      cwd: folder,
      env: process.env,
      log: path.join(folder, 'prometheus.log'),
      ready: () => answers(`${url}/-/ready`),
      timeoutMs: 60_000,
    });
  }, 120_000);
  afterAll(async () => {
    await prometheus?.stop();
    server?.closeAllConnections();
    server?.close();
    metered?.host.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function ask<T>(route: string, schema: z.ZodType<T>): Promise<T> {
    const answer = await fetch(`${url}/api/v1/${route}`);
    const body = await answer.text();
    expect(answer.status, `${route}: ${body}`).toBe(200);
    return schema.parse(dataSchema.parse(JSON.parse(body)).data);
  }

  /** Whether a query gives a number that can be drawn. */
  async function hasData(query: string): Promise<boolean> {
    const { result } = await ask(`query?query=${encodeURIComponent(query)}`, samplesSchema);
    return result.some(({ value: [, value] }) => Number.isFinite(Number(value)));
  }

  test('reads a host, and finds nothing wrong with what it is told', async () => {
    let targets: z.infer<typeof targetsSchema>['activeTargets'] = [];
    const read = async () => {
      ({ activeTargets: targets } = await ask('targets', targetsSchema));
      return targets.some(({ health }) => health === 'up');
    };
    await waitFor(read, 'a scrape that succeeds').catch(() => undefined);
    expect(targets).toEqual([{ health: 'up', lastError: '' }]);
  });

  test('has data for every query of every dashboard', async () => {
    const queries = readDashboards().flatMap(({ file, panels }) =>
      panels.flatMap(({ title, targets }) =>
        targets.map(({ expr }) => ({
          panel: `${file}: ${title}`,
          query: fillIn(expr),
        })),
      ),
    );
    expect(queries.length).toBeGreaterThan(40);
    const open = new Map(queries.map((one) => [`${one.panel}: ${one.query}`, one.query]));
    await waitFor(
      async () => {
        served += 50;
        metered.serve(served);
        for (const [name, query] of open) if (await hasData(query)) open.delete(name);
        return open.size === 0;
      },
      'data for each query',
      120_000,
    ).catch(() => undefined);
    expect([...open.keys()]).toEqual([]);
  });

  test('shows requests that were all turned away as all failing, and no more', async () => {
    const shares = readDashboards()
      .flatMap(({ panels }) => panels)
      .filter(({ title }) => title.startsWith('Failing requests'))
      .flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(shares).toHaveLength(4);
    for (const share of shares) {
      const query = fillIn(share);
      const { result } = await ask(`query?query=${encodeURIComponent(query)}`, samplesSchema);
      const values = result.map(({ value: [, value] }) => Number(value));
      expect(Math.max(...values), query).toBeGreaterThan(0);
      expect(Math.max(...values), query).toBeLessThanOrEqual(1);
    }
  });

  test('keeps the request that stands for those that took as long, by its id', async () => {
    const query = encodeURIComponent('trainyard_request_duration_seconds_bucket');
    const range = `start=${Date.now() / 1_000 - 3_600}&end=${Date.now() / 1_000 + 60}`;
    const found = await ask(`query_exemplars?query=${query}&${range}`, exemplarsSchema);
    expect(found).toMatchObject([
      {
        seriesLabels: { model: METERED_MODEL, version: '1' },
        exemplars: [{ labels: { request_id: 'asked-1' } }],
      },
    ]);
  });

  test('lists what the variables of the dashboards choose from', async () => {
    const values = z.array(z.string());
    const match = (metric: string) => encodeURIComponent(metric);
    expect(await ask(`label/model/values?match[]=${match('trainyard_traffic_ratio')}`, values)).toEqual([
      METERED_MODEL,
    ]);
    expect(await ask(`label/instance/values?match[]=${match('trainyard_agent_info')}`, values)).toHaveLength(
      1,
    );
  });

  test('evaluates every alert, and sees those that this host is in for', async () => {
    const rules = await waitFor(async () => {
      const { groups } = await ask('rules', rulesSchema);
      const all = groups.flatMap((group) => group.rules);
      const due = all.filter(({ name, state }) => WRONG.includes(name) && state !== 'inactive');
      return due.length === WRONG.length && all.every(({ health }) => health !== 'unknown') && all;
    }, 'the alerts that this host is in for');
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const active = rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name);
    expect(active).toEqual(expect.arrayContaining(WRONG));
    expect(active.filter((name) => RIGHT.includes(name))).toEqual([]);
    expect(rules.map(({ name }) => name)).toEqual(expect.arrayContaining(RIGHT));
  });
});
