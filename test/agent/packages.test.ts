import { utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import type { App } from '../../agent/http/call.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { problemSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost, serveAll, storeBlob, storePackage } from './support/fake-context.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let host: FakeHost;
let agent: Agent;
let app: App;
beforeEach(() => open());
afterEach(() => host.close());

function open(flags: Readonly<Record<string, string>> = {}): void {
  host = openFakeHost(flags);
  agent = createAgent(host.context);
  app = createApp(agent);
}

/** Files carry the time of the machine; here, that of the test. */
function dateFiles(digests: readonly string[]): void {
  const seconds = host.world.now / 1_000;
  for (const digest of digests) utimesSync(host.context.blobs.path(digest), seconds, seconds);
}

const manifests = new Map<string, string>();

async function start(version: string): Promise<void> {
  const before = new Set(host.context.blobs.list().map(({ digest }) => digest));
  const manifest = await storePackage(host.context, version);
  manifests.set(version, manifest);
  dateFiles(host.context.blobs.list().flatMap(({ digest }) => (before.has(digest) ? [] : [digest])));
  await agent.startInstance('mnist', version, { manifest });
  await settle();
}

async function settle(): Promise<void> {
  for (let step = 0; step < 4; step += 1) {
    await agent.converge();
    serveAll(host.world);
  }
}

async function serve(stable: string): Promise<void> {
  const revision = host.context.store.getTraffic('mnist')?.traffic.revision;
  const set = await agent.setTraffic('mnist', { stable, candidatePercent: 0, shadow: false }, revision);
  expect(set.ok).toBe(true);
}

async function stop(version: string): Promise<void> {
  agent.stopInstance('mnist', version);
  await settle();
}

const isHere = (version: string) => host.context.blobs.has(manifests.get(version) ?? `sha256:${version}`);

const call = (method: string, path: string) =>
  askApp(app, path, { method, headers: { authorization: `Bearer ${TOKENS.deployer}` } });

async function problemOf(response: Response) {
  return problemSchema.parse(await response.json());
}

describe('packages on a host', () => {
  test('go a day after their version was stopped, and stay while it may be returned to', async () => {
    for (let day = 1; day <= 40; day += 1) {
      await start(String(day));
      await serve(String(day));
      // As a job does it that has promoted: the version before is kept, the one before that ends.
      if (day > 2) await stop(String(day - 2));
      host.world.now += DAY_MS + HOUR_MS;
      await pruneStore(host.context);
      const { store, blobs } = host.context;
      expect(blobs.list().length / 2).toBeLessThanOrEqual(2);
      expect([isHere(String(day - 1)), isHere(String(day))]).toEqual([day > 1, true]);
      expect(store.instances().length).toBeLessThanOrEqual(37);
    }
  });

  test('stay while their version starts, fails in the traffic, or was asked for just now', async () => {
    await start('1');
    await serve('1');
    host.world.running.clear();
    host.world.startFailure = new Error('no memory');
    await settle();
    const manifest = await storePackage(host.context, '2');
    dateFiles(host.context.blobs.list().map(({ digest }) => digest));
    host.world.now += 3 * DAY_MS;
    expect((await call('GET', `/v1/packages/${manifest}`)).status).toBe(200);
    await pruneStore(host.context);
    expect(host.context.blobs.has(manifest)).toBe(true);
    expect(isHere('1')).toBe(true);
    host.world.now += 2 * DAY_MS;
    await pruneStore(host.context);
    expect(host.context.blobs.has(manifest)).toBe(false);
    expect(isHere('1')).toBe(true);
  });
});

describe('room', () => {
  test('that is not there is said before anything is sent, with what would be freed', async () => {
    host.close();
    open({ 'reserve-bytes': String(2 ** 52) });
    const missing = `/v1/packages/${'0'.repeat(64)}?bytes=1000`;
    const nothing = await problemOf(await call('GET', missing));
    expect(nothing).toMatchObject({ status: 507, code: 'disk-full' });
    expect(nothing.remedy).toContain('No package here can go');
  });

  test('is made at a call, of what no version needs', async () => {
    await start('1');
    await serve('1');
    const { digest, size } = await storeBlob(host.context, 'the file of a rollout that never began');
    dateFiles([digest]);
    expect(await (await call('DELETE', '/v1/packages')).json()).toEqual({ files: 0, bytes: 0 });
    host.world.now += 2 * HOUR_MS;
    expect(await (await call('DELETE', '/v1/packages')).json()).toEqual({ files: 1, bytes: size });
    expect(isHere('1')).toBe(true);
  });

  test('is told with what a call would free', async () => {
    const { size } = await storeBlob(host.context, 'the file of a rollout that never began');
    Object.assign(host.context.blobs, { room: async () => 10 });
    host.world.now = Date.now() + 2 * HOUR_MS;
    const full = await problemOf(await call('GET', `/v1/packages/${'0'.repeat(64)}?bytes=1000`));
    expect(full.detail).toContain('room for 10 bytes more');
    expect(full.remedy).toContain(`hold ${size} bytes: DELETE /v1/packages frees them`);
    expect((await call('GET', `/v1/packages/${'0'.repeat(64)}?bytes=10`)).status).toBe(404);
  });

  test('is made of one file, unless a version needs it', async () => {
    await start('1');
    const inUse = await problemOf(await call('DELETE', `/v1/packages/${manifests.get('1')}`));
    expect(inUse).toMatchObject({ status: 409, code: 'package-in-use' });
    expect(inUse.detail).toContain('mnist version 1');
    await stop('1');
    expect((await call('DELETE', `/v1/packages/${manifests.get('1')}`)).status).toBe(200);
    expect(isHere('1')).toBe(false);
    expect((await call('DELETE', `/v1/packages/${manifests.get('1')}`)).status).toBe(404);
  });
});
