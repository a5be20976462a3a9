import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createProcessRuntime } from '../../agent/runtimes/process/runtime.ts';
import type { Launch, Runtime } from '../../agent/runtimes/runtime.ts';
import { type FakeHost, manifestOf, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';
import { packArchive } from './support/pack-archive.ts';

const MODEL = 'mnist';
const DIGEST = `sha256:${'7'.repeat(64)}`;

describe('what has served on a host', () => {
  let host: FakeHost;
  let agent: Agent;
  beforeEach(() => {
    host = openFakeHost();
    agent = createAgent(host.context);
  });
  afterEach(() => host.close());

  const converge = async () => {
    for (let time = 0; time < 3; time++) await agent.converge();
  };
  const start = async (change: Parameters<typeof storePackage>[2] = {}, handlers?: string[]) => {
    const manifest = await storePackage(host.context, '1', change);
    const started = await agent.startInstance(MODEL, '1', { manifest, ...(handlers && { handlers }) });
    expect(started.ok).toBe(true);
    await converge();
  };
  const serve = async () => {
    serveAll(host.world);
    await converge();
    expect(host.context.store.getInstance(MODEL, '1')?.state).toBe('ready');
  };
  const crash = async () => {
    host.world.running.clear();
    await converge();
  };
  const stop = async () => {
    expect(agent.stopInstance(MODEL, '1').ok).toBe(true);
    host.world.now += 60_000;
    await converge();
    expect(host.context.store.getInstance(MODEL, '1')?.state).toBe('stopped');
  };
  const lastLaunch = () => host.world.launches.at(-1);

  test('may start again, and what has not may not', async () => {
    await start();
    expect(lastLaunch()?.hasServed).toBe(false);
    await crash();
    expect(lastLaunch()?.hasServed).toBe(false);
    await serve();
    await crash();
    expect(lastLaunch()?.hasServed).toBe(true);
  });

  test('may start again after it was stopped', async () => {
    await start();
    await serve();
    await stop();
    await start();
    expect(host.world.launches).toHaveLength(2);
    expect(lastLaunch()?.hasServed).toBe(true);
  });

  test('is its package: another one of the same version has not', async () => {
    await start();
    await serve();
    await stop();
    await start({ runId: 'another' });
    expect(host.world.launches).toHaveLength(2);
    expect(lastLaunch()?.hasServed).toBe(false);
  });

  test.each([
    ['is ready', 'ready', undefined, true],
    ['is the stable version', 'failed', 0, true],
    ['is named stable while the candidate answers all', 'failed', 100, false],
    ['was stopped', 'stopped', undefined, false],
  ] as const)(
    'by an agent that did not note it: what %s',
    async (_what, state, candidatePercent, expected) => {
      await start();
      await serve();
      const { store } = host.context;
      const { hasServed: _hasServed, ...stored } = store.getInstance(MODEL, '1') ?? expect.fail();
      if (candidatePercent !== undefined) {
        const order = { stable: '1', candidatePercent: 0, shadow: false };
        expect((await agent.setTraffic(MODEL, order, undefined)).ok).toBe(true);
        const { traffic, ...rest } = store.getTraffic(MODEL) ?? expect.fail();
        store.putTraffic(MODEL, { ...rest, traffic: { ...traffic, candidate: '2', candidatePercent } });
      }
      store.putInstance({ ...stored, state });
      host.world.running.clear();
      agent = createAgent(host.reopen());
      if (state !== 'ready') await start();
      await converge();
      expect(host.world.launches).toHaveLength(2);
      expect(lastLaunch()?.hasServed).toBe(expected);
    },
  );

  test('starts with the handlers that whoever deploys it knows', async () => {
    await start({}, [DIGEST]);
    expect(lastLaunch()?.handlers).toEqual([DIGEST]);
  });
});

describe('a package whose handler this version does not know', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('starts where it has served, with a warning, and where whoever deploys it knows it', async () => {
    const before = "(root / 'trainyard_handler.py').open('a').write('# newer')";
    const launch = {
      model: MODEL,
      version: '1',
      manifest: manifestOf('1', { digest: DIGEST, size: 1 }),
      payloadFile: packArchive({ folder, name: 'newer', before }),
      workFolder: join(folder, 'run'),
      captureFolder: join(folder, 'capture'),
      captureSeconds: 1,
    };
    const warn = vi.fn<(line: string) => void>();
    const start = async (more: Partial<Launch>) => {
      const runtime = openRuntime(folder, warn);
      return runtime.start({ ...launch, ...more }, await runtime.prepare(launch));
    };
    const refusal: unknown = await start({}).catch((thrown: unknown) => thrown);
    expect(refusal).toMatchObject({ problem: { code: 'handler-unknown' } });
    const [digest = ''] = String(refusal).match(/sha256:[0-9a-f]{64}/) ?? [];
    await expect(start({ handlers: [DIGEST] })).rejects.toThrow('does not know');
    await expect(start({ handlers: [digest] })).resolves.toBeDefined();
    expect(warn).not.toHaveBeenCalled();
    await expect(start({ hasServed: true })).resolves.toBeDefined();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('starts again since it has served here')]]);
  });
});

/** Its model servers end at once. */
function openRuntime(dataDir: string, warn: (line: string) => void): Runtime {
  return createProcessRuntime({
    toolchain: { java: '/bin/true', python: '/bin/true', torchserve: '/' },
    scope: `test-served-before:${dataDir}`,
    ...{ maxBodyBytes: 1_000, handlers: [], user: undefined, dataDir, env: {} },
    log: { info: () => undefined, warn, group: (_, work) => work() },
  });
}
