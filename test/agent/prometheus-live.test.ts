import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REQUEST_ID_HEADER } from '../../core/names.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { deployVersion, leaseOf, MODEL, shift } from './support/deploy.ts';
import {
  HAS_PROMETHEUS,
  queriesOfPanels,
  type RunningPrometheus,
  startPrometheus,
} from './support/prometheus.ts';

/** What a host without a GPU has nothing to say of. */
const OF_GPUS = /trainyard_(?:gpu|version_gpu)_/;

/** A real agent with Envoy and model servers, a rollout and requests, read by the Prometheus of Debian as an operator's reads it. */
describe.skipIf(!HAS_PROMETHEUS || !HAS_TOOLCHAIN)('a host that serves', { timeout: 240_000 }, () => {
  let folder: string;
  let agent: RunningAgent;
  let prometheus: RunningPrometheus;
  let asked = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ty-token-'));
    const token = join(folder, 'github-token');
    writeFileSync(token, 'a-token', { mode: 0o644 });
    agent = await startAgent({
      'request-log-share': '1',
      // Reports wait, since nobody answers there; and the host warns of a secret that everybody may read.
      ...{ repository: 'acme/models', 'github-api-url': 'http://127.0.0.1:1', 'github-token-file': token },
    });
    for (const version of ['1', '2'])
      expect(await deployVersion(agent, { version })).toMatchObject({ state: 'ready' });
    await shift(agent, { stable: '1', candidatePercent: 0, shadow: false });
    const canary = { stable: '1', candidate: '2', candidatePercent: 50, shadow: false };
    await shift(agent, { ...canary, lease: leaseOf('r1', 86_400) });
    prometheus = await startPrometheus(new URL(agent.url).host);
  }, 240_000);
  afterAll(async () => {
    await prometheus?.stop();
    await agent?.down();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function predict(): Promise<void> {
    asked += 1;
    const headers = { 'content-type': 'application/json', [REQUEST_ID_HEADER]: `asked-${asked}` };
    const answer = await fetch(agent.predictions, { method: 'POST', headers, body: '{"inputs":[0.25]}' });
    expect(answer.status, await answer.text()).toBe(200);
  }

  test('has data for every query of the dashboards but those of GPUs', async () => {
    const open = new Map([...queriesOfPanels(MODEL)].filter(([, query]) => !OF_GPUS.test(query)));
    expect(open.size).toBeGreaterThan(40);
    const look = async () => {
      for (let sent = 0; sent < 20; sent += 1) await predict();
      for (const [name, query] of open)
        if ((await prometheus.query(query)).some(Number.isFinite)) open.delete(name);
      return open.size === 0;
    };
    await waitFor(look, 'data for each query', 120_000).catch(() => undefined);
    expect([...open.keys()]).toEqual([]);
  });

  test('gives both versions’ latencies single requests, by the ids that their answers carried', async () => {
    const found = await waitFor(async () => {
      const told = await prometheus.exemplars();
      const versions = new Set(told.map(({ seriesLabels }) => seriesLabels['version']));
      return versions.size === 2 ? told : undefined;
    }, 'requests of both versions');
    for (const { seriesLabels, exemplars } of found) {
      const le = seriesLabels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(seriesLabels['le']);
      for (const { labels, value } of exemplars) {
        expect(labels['request_id']).toMatch(/^asked-\d+$/);
        expect(Number(value)).toBeLessThanOrEqual(le);
      }
    }
  });
});
