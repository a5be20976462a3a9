import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApp, listen } from '../../agent/api/server.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { readDashboards } from './support/dashboards.ts';
import { METERED_MODEL, type MeteredHost, openMeteredHost } from './support/metered-host.ts';
import {
  fillIn,
  HAS_PROMETHEUS,
  queriesOfPanels,
  type RunningPrometheus,
  startPrometheus,
} from './support/prometheus.ts';

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

const targetsSchema = z.object({
  activeTargets: z.array(z.object({ health: z.string(), lastError: z.string() })),
});
const rulesSchema = z.object({
  groups: z.array(
    z.object({ rules: z.array(z.object({ name: z.string(), health: z.string(), state: z.string() })) }),
  ),
});

/** The Prometheus of Debian reads a host over HTTP, as an operator's does. */
describe.skipIf(!HAS_PROMETHEUS)('a real Prometheus', { timeout: 180_000 }, () => {
  let prometheus: RunningPrometheus;
  let metered: MeteredHost;
  let server: Awaited<ReturnType<typeof listen>>;
  let served = 100;

  beforeAll(async () => {
    const [control = 0] = await findFreePorts(1);
    metered = await openMeteredHost({ listen: `127.0.0.1:${control}`, 'request-log-share': '1' });
    const log = path.join(metered.host.folder, 'envoy', 'requests.log');
    mkdirSync(path.dirname(log), { recursive: true });
    const line = { request: 'asked-1', version: `${METERED_MODEL}@1`, milliseconds: 12 };
    writeFileSync(log, `${JSON.stringify({ ...line, at: new Date().toISOString() })}\n`);
    server = await listen(createApp(metered.agent), metered.agent);
    prometheus = await startPrometheus(`127.0.0.1:${control}`);
  }, 120_000);
  afterAll(async () => {
    await prometheus?.stop();
    server?.closeAllConnections();
    server?.close();
    metered?.host.close();
  }, 60_000);

  const ask: RunningPrometheus['ask'] = (route, schema) => prometheus.ask(route, schema);

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
    const open = new Map(queriesOfPanels(METERED_MODEL));
    expect(open.size).toBeGreaterThan(40);
    await waitFor(
      async () => {
        served += 50;
        metered.serve(served);
        for (const [name, query] of open)
          if ((await prometheus.query(query)).some(Number.isFinite)) open.delete(name);
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
      const query = fillIn(share, METERED_MODEL);
      const values = await prometheus.query(query);
      expect(Math.max(...values), query).toBeGreaterThan(0);
      expect(Math.max(...values), query).toBeLessThanOrEqual(1);
    }
  });

  test('keeps the request that stands for those that took as long, by its id', async () => {
    const found = await prometheus.exemplars();
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
