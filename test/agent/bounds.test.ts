import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { report } from '../../agent/outbox/report.ts';
import { isRunning, spawnOrAdopt, stopSession } from '../../agent/runtimes/process/handle.ts';
import { cutLogs } from '../../agent/store/cut-logs.ts';
import { numberOn } from '../../agent/store/number-on.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { readCapture } from '../../agent/windows/read-capture.ts';
import { listPredictionLogs } from '../../agent/windows/read-version.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { windowOf } from '../core/drift/drift-data.ts';
import { arm, poll } from '../core/rollout/observations.ts';
import { type FakeHost, openFakeHost, storePackage } from './support/fake-context.ts';
import { whileTurning } from './support/while-turning.ts';

const DAY_MS = 86_400_000;

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost({ repository: 'acme/models' });
});
afterEach(() => host.close());

const drift = (step: string) => report(host.context, { type: DISPATCH_TYPES.drift, model: 'demo', step }, {});

/** Writes so many of everything, each with its number, at the present of the test. */
function fill(count: number): void {
  const { store, clock } = host.context;
  store.transaction(() => {
    for (let index = 0; index < count; index += 1) {
      const { seq: _seq, hostId: _hostId, ...seen } = poll(index, { candidate: arm(1), stable: arm(1) });
      store.addObservation('demo', 'r', { ...seen, at: clock.now() });
      const { seq: _number, hostId: _host, ...window } = windowOf(0);
      store.windows.add({ ...window, to: clock.now() });
    }
  });
  store.labels.add(
    'demo',
    clock.now(),
    Array.from({ length: count }, (_, index) => ({ id: `r${index}`, label: 'a' })),
  );
  for (let index = 0; index < count; index += 1) {
    drift(String(index));
    const entry = store.outbox.next(DISPATCH_TYPES.drift, clock.now());
    if (entry !== undefined) store.outbox.delivered(entry.seq, clock.now());
  }
}

function sizes() {
  const { store } = host.context;
  return {
    observations: store.observations('demo', 'r', 0).length,
    windows: store.windows.numbersAfter('demo', 0).length,
    labels: store.labels.waiting('demo', 0, 1_000).length,
  };
}

describe('what a host keeps', () => {
  test('is the newest of each kind, however young the rest is', async () => {
    fill(50);
    const never = '2000-01-01T00:00:00Z';
    await host.context.store.prune({ observations: never, others: never }, { labels: 20, others: 10 });
    expect(sizes()).toEqual({ observations: 10, windows: 10, labels: 20 });
    expect(host.context.store.observations('demo', 'r', 0)[0]?.seq).toBe(41);
    // A delivered report that was forgotten may be sent again; one that is kept is known.
    drift('0');
    drift('49');
    expect(host.context.store.outbox.pending().count).toBe(1);
  });

  test('is so many rows, whatever numbers they have', async () => {
    fill(3);
    await host.leaveTo(async () => numberOn(join(host.folder, 'agent.db')));
    fill(2);
    const never = '2000-01-01T00:00:00Z';
    await host.context.store.prune({ observations: never, others: never }, { labels: 20, others: 4 });
    expect(sizes()).toMatchObject({ observations: 4, windows: 4 });
  });

  test('is no older than it may be', async () => {
    fill(5);
    host.world.now += 8 * DAY_MS;
    await pruneStore(host.context);
    expect(sizes()).toMatchObject({ observations: 0, labels: 5 });
    host.world.now += 28 * DAY_MS;
    await pruneStore(host.context);
    expect(sizes()).toEqual({ observations: 0, windows: 0, labels: 0 });
    drift('0');
    expect(host.context.store.outbox.pending().count).toBe(1);
  });

  test('is looked at a few rows at a time for what is too old', async () => {
    const { labels } = host.context.store;
    const name = (from: number) =>
      Array.from({ length: 5_000 }, (_, index) => ({ id: `l${from + index}`, label: 'a' }));
    labels.add('demo', '2026-01-02T00:00:00Z', name(0));
    labels.add('demo', '2026-01-01T00:00:00Z', name(5_000));
    const old = { observations: '2026-01-02T00:00:00Z', others: '2026-01-02T00:00:00Z' };
    const pruned = host.context.store.prune(old, { labels: 1e6, others: 1e6 });
    const { turns } = await whileTurning(pruned);
    expect(turns).toBeGreaterThanOrEqual(5);
    const left = labels.waiting('demo', 0, 10_000);
    expect(left.map(({ id }) => id)).toEqual(name(0).map(({ id }) => id));
  });

  test('holds no version that has failed or ended long ago, nor what was remembered of it', async () => {
    const { store, clock } = host.context;
    const manifestDigest = await storePackage(host.context, '1');
    const manifest = JSON.parse(host.context.blobs.readNow(manifestDigest));
    const [first, second] = (['failed', 'stopped'] as const).map((state, index) => ({
      ...{ model: 'mnist', version: String(index + 1), package: `mnist@${manifestDigest}`, state },
      ...{ since: clock.now(), startedAt: clock.now(), manifestDigest, manifest, crashes: [] },
    }));
    for (const instance of [first, second]) if (instance !== undefined) store.putInstance(instance);
    store.putMemory('capture/mnist/1', { at: clock.now() });
    store.putMemory('capture/mnist/11', { at: clock.now() });
    host.world.now += 36 * DAY_MS;
    await pruneStore(host.context);
    expect(store.instances()).toEqual([]);
    const any = z.object({ at: z.string() });
    expect(store.getMemory('capture/mnist/1', any)).toBeUndefined();
    expect(store.getMemory('capture/mnist/11', any)).toBeDefined();
  });

  test('has logs of bounded size, which go on where they were cut', async () => {
    const folder = join(host.folder, 'run', 'm', '1');
    mkdirSync(folder, { recursive: true });
    const logFile = join(folder, 'console.log');
    const script =
      'head -c 17000000 /dev/zero; while [ ! -e go ]; do sleep 0.05; done; echo the end; sleep 60';
    const handle = await spawnOrAdopt({
      ...{ argv: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: folder },
      ...{ logFile, owner: `test-bounds:${host.folder}` },
    });
    await waitFor(async () => statSync(logFile).size === 17_000_000, 'a long log', 30_000);
    cutLogs(host.context);
    expect([statSync(logFile).size, statSync(`${logFile}.1`).size]).toEqual([0, 16 * 2 ** 20]);
    writeFileSync(join(folder, 'go'), '');
    await waitFor(async () => statSync(logFile).size > 0, 'the end of the log', 30_000);
    expect(statSync(logFile).size).toBe('the end\n'.length);
    await stopSession(handle, 0);
    expect(isRunning(handle)).toBe(false);
  });

  test('has logs that are cut though their end can be kept nowhere', () => {
    const logFile = join(host.folder, 'envoy', 'envoy.log');
    mkdirSync(`${logFile}.1`, { recursive: true });
    writeFileSync(logFile, Buffer.alloc(17_000_000));
    cutLogs(host.context);
    expect(statSync(logFile).size).toBe(0);
    expect(host.world.log.join('\n')).toContain(`${logFile}.1 can't be written`);
  });

  test('is pruned in all its other parts when one fails', async () => {
    writeFileSync(join(host.folder, 'capture'), 'no folder');
    fill(1);
    host.world.now += 400 * DAY_MS;
    await pruneStore(host.context);
    expect(host.world.log.join('\n')).toContain('In pruning what workers wrote');
    expect(sizes()).toMatchObject({ observations: 0, windows: 0 });
  });
});

test('what a model lays among its counts is read only where it is a file', () => {
  const folder = join(host.folder, 'capture');
  mkdirSync(folder);
  for (const name of ['a.json', 'predictions-1.log']) {
    execFileSync('mkfifo', [join(folder, `pipe-${name}`)]);
    symlinkSync('/dev/zero', join(folder, name));
  }
  expect(readCapture(folder)).toEqual([]);
  expect(listPredictionLogs(folder)).toEqual([]);
});
