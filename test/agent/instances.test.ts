import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { NO_COUNTERS } from '../../agent/envoy/cluster-counters.ts';
import { ServiceError } from '../../core/errors.ts';
import {
  type FakeHost,
  openFakeHost,
  serveAll,
  startPredictor,
  storeBlob,
  storePackage,
} from './support/fake-context.ts';

const MODEL = 'mnist';

let host: FakeHost;
let agent: Agent;
beforeEach(() => {
  host = openFakeHost({ 'start-timeout-seconds': '60' });
  agent = createAgent(host.context);
});
afterEach(() => host.close());

const stateOf = (version: string) => host.context.store.getInstance(MODEL, version);
const converge = async (times = 1) => {
  for (let time = 0; time < times; time++) await agent.converge();
};
const owner = () => [...host.world.running.keys()][0] ?? '';

async function start(version: string) {
  const manifest = await storePackage(host.context, version);
  return agent.startInstance(MODEL, version, { manifest });
}

async function startReady(version: string): Promise<void> {
  await start(version);
  await converge(2);
  serveAll(host.world);
  await converge();
  expect(stateOf(version)?.state).toBe('ready');
}

describe('starting a version', () => {
  test('goes from starting to ready once its server answers', async () => {
    expect(await start('1')).toMatchObject({ ok: true, value: { state: 'starting' } });
    await converge(3);
    expect(stateOf('1')?.state).toBe('starting');
    serveAll(host.world);
    await converge();
    expect(stateOf('1')?.state).toBe('ready');
    expect(host.world.starts).toHaveLength(1);
  });

  test('is idempotent: asked again it starts nothing', async () => {
    await startReady('1');
    expect(await start('1')).toMatchObject({ ok: true, value: { state: 'ready' } });
    await converge(2);
    expect(host.world.starts).toHaveLength(1);
  });

  test('gives up on a server that is never ready, and stops it', async () => {
    await start('1');
    await converge(2);
    host.world.now += 61_000;
    await converge();
    expect(stateOf('1')).toMatchObject({ state: 'failed', code: 'start-timeout' });
    expect(host.world.running.size).toBe(0);
  });

  test('gives up at once on a model that cannot be loaded', async () => {
    await start('1');
    await converge(2);
    host.world.running.set(owner(), { kind: 'failing', detail: 'no module named x' });
    await converge();
    expect(stateOf('1')).toMatchObject({
      state: 'failed',
      code: 'load-failed',
      message: 'no module named x',
    });
  });

  test('tries other ports when the server ends, and gives up after three ends', async () => {
    await start('1');
    for (let end = 0; end < 3; end++) {
      await converge(2);
      host.world.running.clear();
      await converge();
    }
    expect(stateOf('1')).toMatchObject({ state: 'failed', code: 'crash-loop' });
    expect(new Set(host.world.starts).size).toBe(3);
  });

  test('names what kept it from starting when it gives up', async () => {
    await start('1');
    host.world.startFailure = new ServiceError({
      code: 'registry-failed',
      message: 'The registry answers 500.',
      remedy: 'See its log.',
      where: { kind: 'endpoint', endpoint: 'registry' },
    });
    await converge(6);
    expect(stateOf('1')).toMatchObject({ state: 'failed', code: 'registry-failed' });
    expect(stateOf('1')?.message).toContain('The registry answers 500.');
  });

  test('tries anew when asked after a failure', async () => {
    await start('1');
    await converge(2);
    host.world.now += 61_000;
    await converge();
    expect(stateOf('1')?.state).toBe('failed');
    await startReady('1');
  });

  test('refuses a package whose file changed on disk', async () => {
    await start('1');
    const digest = stateOf('1')?.manifest.payload.digest ?? '';
    rmSync(host.context.blobs.path(digest));
    await converge();
    expect(stateOf('1')).toMatchObject({ state: 'failed', code: 'package-damaged' });
  });

  test.each([
    ['a manifest that was never sent', `sha256:${'1'.repeat(64)}`, 'blob-missing'],
    ['a manifest that is none', undefined, 'manifest-invalid'],
  ])('refuses %s', async (_what, digest, code) => {
    const manifest = digest ?? (await storeBlob(host.context, '{}')).digest;
    expect(await agent.startInstance(MODEL, '1', { manifest })).toMatchObject({ ok: false, error: { code } });
  });

  test('refuses a package of another version, or for another runtime', async () => {
    const manifest = await storePackage(host.context, '2');
    expect(await agent.startInstance(MODEL, '1', { manifest })).toMatchObject({
      error: { code: 'package-mismatch' },
    });
    const image = await storePackage(host.context, '3', {
      payload: { kind: 'image', reference: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 1 },
    });
    expect(await agent.startInstance(MODEL, '3', { manifest: image })).toMatchObject({
      error: { code: 'runtime-mismatch' },
    });
  });

  test('refuses another package under a version that runs', async () => {
    await startReady('1');
    const manifest = await storePackage(host.context, '1', { runId: 'another' });
    expect(await agent.startInstance(MODEL, '1', { manifest })).toMatchObject({
      error: { code: 'version-taken' },
    });
  });
});

describe('golden examples', () => {
  const golden = {
    schema: 'trainyard.golden/1',
    absoluteTolerance: 0.01,
    relativeTolerance: 0,
    examples: [{ inputs: { inputs: [1] }, predictions: [0.5] }],
  };

  test.each([
    [0.505, 'ready', undefined],
    [0.6, 'failed', 'golden-mismatch'],
  ])('an answer of %d makes the version %s', async (answer, state, code) => {
    const predictor = await startPredictor(() => [answer]);
    host.close();
    host = openFakeHost({ 'data-plane': predictor.endpoint });
    agent = createAgent(host.context);
    const manifest = await storePackage(host.context, '1', {
      golden: await storeBlob(host.context, JSON.stringify(golden)),
    });
    await agent.startInstance(MODEL, '1', { manifest });
    await converge(2);
    serveAll(host.world);
    await converge();
    expect(stateOf('1')?.state).toBe(state);
    expect(stateOf('1')?.code).toBe(code);
    predictor.close();
  });
});

describe('a version that served', () => {
  test('is started again when its server ends', async () => {
    await startReady('1');
    host.world.running.clear();
    await converge();
    expect(stateOf('1')).toMatchObject({ state: 'starting', code: 'crashed' });
    await converge(2);
    serveAll(host.world);
    await converge();
    expect(stateOf('1')?.state).toBe('ready');
    expect(stateOf('1')?.code).toBeUndefined();
  });

  test('is started again when it is alive but serves no more', async () => {
    await startReady('1');
    host.world.running.set(owner(), { kind: 'loading', detail: 'workers: STOPPED' });
    await converge();
    expect(stateOf('1')?.state).toBe('ready');
    host.world.now += 61_000;
    await converge();
    expect(stateOf('1')?.state).toBe('starting');
    expect(host.world.stops).toHaveLength(1);
  });

  test('is tried again for ever while it is the stable one', async () => {
    await startReady('1');
    await agent.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
    for (let end = 0; end < 3; end++) {
      host.world.running.clear();
      await converge(3);
    }
    expect(stateOf('1')).toMatchObject({ state: 'failed', code: 'crash-loop' });
    host.world.now += 61_000;
    await converge(3);
    serveAll(host.world);
    await converge();
    expect(stateOf('1')?.state).toBe('ready');
  });

  test('is not stopped while it takes traffic', async () => {
    await startReady('1');
    await agent.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
    expect(agent.stopInstance(MODEL, '1')).toMatchObject({ ok: false, error: { code: 'in-traffic' } });
  });

  test('that failed can be stopped too', async () => {
    await start('1');
    await converge(2);
    host.world.now += 61_000;
    await converge();
    expect(stateOf('1')?.state).toBe('failed');
    agent.stopInstance(MODEL, '1');
    await converge();
    expect(stateOf('1')?.state).toBe('stopped');
  });

  test('is stopped once its open requests are answered, or their time is over', async () => {
    await startReady('1');
    const busy = { ...NO_COUNTERS, sent: 1, active: 1 };
    host.world.counters.set(`${MODEL}@1`, busy);
    expect(agent.stopInstance(MODEL, '1')).toMatchObject({ ok: true, value: { state: 'draining' } });
    await converge();
    expect(stateOf('1')?.state).toBe('draining');
    host.world.counters.set(`${MODEL}@1`, { ...busy, active: 0 });
    await converge();
    expect(stateOf('1')?.state).toBe('stopped');
    expect(host.world.stops).toHaveLength(1);
  });
});
