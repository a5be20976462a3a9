import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { captureFolder } from '../../agent/instances/launch.ts';
import { startInstance } from '../../agent/instances/start-instance.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { closeWindows } from '../../agent/windows/close-windows.ts';
import { judgeWindows } from '../../agent/windows/judge-windows.ts';
import { captureWindowSchema } from '../../core/drift/window.ts';
import { type FakeHost, openFakeHost, storeBlob, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const WINDOW_MS = 300_000;
const DAY_MS = 86_400_000;

let host: FakeHost;
beforeEach(async () => {
  host = openFakeHost({ repository: 'acme/models' });
  await serveVersion();
});
afterEach(() => host.close());

/** A ready stable version with a reference profile of one feature, half below and half above 0.5. */
async function serveVersion(): Promise<void> {
  const { context } = host;
  const profile = {
    schema: 'trainyard.profile/1',
    model: MODEL,
    version: '1',
    created: '2026-01-01T00:00:00Z',
    rows: 20_000,
    features: [
      {
        name: 'x',
        kind: 'numeric',
        edges: [0.5],
        counts: [10_000, 10_000],
        missing: 0,
        min: 0,
        max: 1,
        blocks: Array.from({ length: 20 }, () => [500, 500]),
      },
    ],
    prediction: {
      kind: 'classes',
      classes: ['a', 'b'],
      counts: [10_000, 10_000],
      blocks: Array.from({ length: 20 }, () => [500, 500]),
    },
  };
  const manifest = await storePackage(context, '1', {
    profile: await storeBlob(context, JSON.stringify(profile)),
  });
  await startInstance(context, { model: MODEL, version: '1', request: { manifest } });
  const instance = context.store.getInstance(MODEL, '1');
  if (instance === undefined) throw new Error('not started');
  context.store.putInstance({ ...instance, state: 'ready' });
  const traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
  context.store.putTraffic(MODEL, { traffic, setAt: context.clock.now() });
}

/** A worker has counted so many rows below and above 0.5 by now. */
function capture(
  worker: string,
  low: number,
  high: number,
  over: { missing?: number; refused?: number } = {},
): void {
  const { missing = 0, refused = 0 } = over;
  const folder = captureFolder(host.folder, MODEL, '1');
  mkdirSync(folder, { recursive: true });
  const at = new Date(host.world.now).toISOString();
  const snapshot = {
    schema: 'trainyard.capture/1',
    model: MODEL,
    version: '1',
    worker: 'W-9000',
    startedAt: at,
    at,
    n: low + high + missing,
    invalid: 0,
    invalidAnswers: 0,
    refused,
    features: { x: { counts: [low, high], missing, below: 0, above: 0, unseen: 0 } },
    prediction: { counts: [low, high + missing] },
  };
  writeFileSync(join(folder, `${worker}.json`), JSON.stringify(snapshot));
}

function nextWindow(milliseconds = WINDOW_MS): void {
  host.world.now += milliseconds;
  closeWindows(host.context);
}

const windows = () => {
  const { store } = host.context;
  const texts = store.windows.texts(store.windows.numbersAfter(MODEL, 0));
  return texts.map((text) => captureWindowSchema.parse(JSON.parse(text)));
};
const counts = () => windows().map(({ n, features }) => [n, features['x']?.counts]);

describe('windows', () => {
  test('of counts that can not be read do not pass for those of a version that nobody asks', () => {
    capture('a', 3, 0);
    writeFileSync(
      join(captureFolder(host.folder, MODEL, '1'), '7-1.json'),
      '{"schema":"trainyard.capture/1"}',
    );
    nextWindow();
    capture('a', 4, 0);
    nextWindow();
    expect(counts()).toEqual([[4, [4, 0]]]);
    expect(host.world.log.join()).toContain('7-1.json');
  });

  test('hold what was refused, also when nothing was answered', () => {
    capture('a', 0, 0);
    nextWindow();
    capture('a', 0, 0, { refused: 4 });
    nextWindow();
    nextWindow();
    capture('a', 2, 0, { refused: 5 });
    nextWindow();
    expect(windows().map(({ n, refused, invalid }) => [n, refused, invalid])).toEqual([
      [0, 4, 0],
      [2, 1, 0],
    ]);
  });

  test('hold what was counted between two closings, over all workers', () => {
    closeWindows(host.context);
    capture('a', 3, 1);
    nextWindow();
    capture('a', 5, 1);
    capture('b', 0, 4);
    nextWindow();
    expect(counts()).toEqual([
      [4, [3, 1]],
      [6, [2, 4]],
    ]);
    expect(windows()[1]).toMatchObject({ seq: 2, host: 'host-1', version: '1' });
  });

  test('are not closed before their time, nor when nothing was counted', () => {
    closeWindows(host.context);
    capture('a', 1, 0);
    nextWindow(WINDOW_MS - 1);
    expect(windows()).toEqual([]);
    nextWindow(1);
    nextWindow();
    expect(counts()).toEqual([[1, [1, 0]]]);
  });

  test('count each prediction once when the agent is killed in between', () => {
    closeWindows(host.context);
    capture('a', 10, 0);
    nextWindow();
    host.reopen();
    capture('a', 12, 0);
    nextWindow();
    expect(counts().map(([n]) => n)).toEqual([10, 2]);
  });

  test('do not count an idle worker again whose file was dropped meanwhile', () => {
    closeWindows(host.context);
    capture('a', 10, 0);
    nextWindow();
    host.world.now += 2 * DAY_MS;
    nextWindow();
    nextWindow();
    capture('a', 13, 0);
    nextWindow();
    expect(counts().map(([n]) => n)).toEqual([10, 3]);
  });

  test('skip files that are no snapshot', () => {
    closeWindows(host.context);
    capture('a', 1, 1);
    writeFileSync(join(captureFolder(host.folder, MODEL, '1'), 'b.json'), '{"half":');
    nextWindow();
    expect(counts()).toEqual([[2, [1, 1]]]);
  });

  test('are kept as long as their version serves, and for a bounded time from then on', async () => {
    closeWindows(host.context);
    capture('a', 1, 1);
    nextWindow();
    host.world.now += 400 * DAY_MS;
    await pruneStore(host.context);
    expect(counts()).toEqual([[2, [1, 1]]]);
    const traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 2 };
    host.context.store.putTraffic(MODEL, { traffic, setAt: host.context.clock.now() });
    await pruneStore(host.context);
    expect(windows()).toEqual([]);
  });

  test('of a version that was replaced are kept while it may be gone back to', async () => {
    closeWindows(host.context);
    capture('a', 1, 1);
    nextWindow();
    host.world.now += 100 * DAY_MS;
    capture('a', 2, 2);
    nextWindow();
    const traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 2 };
    host.context.store.putTraffic(MODEL, { traffic, setAt: host.context.clock.now() });
    host.world.now += 34 * DAY_MS;
    await pruneStore(host.context);
    expect(windows()).toHaveLength(2);
    host.world.now += 2 * DAY_MS;
    await pruneStore(host.context);
    expect(windows()).toEqual([]);
  });

  test('of a version that serves are no more than a year of days and five weeks', async () => {
    closeWindows(host.context);
    capture('a', 1, 1);
    nextWindow();
    const { store } = host.context;
    const { seq: _seq, hostId: _host, ...first } = windows()[0] ?? expect.fail('no window');
    store.transaction(() => {
      for (let day = 1; day <= 1_050; day += 1) {
        const from = new Date(Date.parse(first.from) + day * DAY_MS).toISOString();
        store.windows.add({ ...first, from, to: new Date(Date.parse(from) + WINDOW_MS).toISOString() });
      }
    });
    // All but the last eleven days are older than five weeks.
    host.world.now += 1_075 * DAY_MS;
    await pruneStore(host.context);
    const kept = store.windows.numbersOf(MODEL, '1');
    expect(kept).toHaveLength(411);
    expect(kept[0]).toBe(641);
  });
});

describe('drift on the host', () => {
  /** A day's rows, in one window. */
  async function day(
    total: { low: number; high: number; missing?: number },
    low: number,
    high: number,
    missing = 0,
  ): Promise<void> {
    total.low += low;
    total.high += high;
    total.missing = (total.missing ?? 0) + missing;
    capture('a', total.low, total.high, { missing: total.missing });
    nextWindow(DAY_MS);
    await judgeWindows(host.context, new Map());
  }

  const reports = () => {
    const { store, clock } = host.context;
    const entry = store.outbox.next('trainyard.drift', clock.now());
    return { count: store.outbox.pending().count, entry };
  };

  test('is reported when the state changes, and not again while it stays', async () => {
    closeWindows(host.context);
    const total = { low: 0, high: 0 };
    for (let quiet = 0; quiet < 3; quiet++) await day(total, 1_000, 1_000);
    expect(reports().count).toBe(0);
    for (let shifted = 0; shifted < 6; shifted++) await day(total, 1_900, 100);
    const { count, entry } = reports();
    expect(count).toBe(1);
    expect(entry).toMatchObject({
      type: 'trainyard.drift',
      payload: { model: MODEL, body: { version: '1', verdict: 'fail' } },
    });
    expect(JSON.stringify(entry?.payload.body)).toContain('`x`');
  });

  /** Days of a slight shift, after one without, until it is reported. */
  const daysUntilReported = async (): Promise<number> => {
    closeWindows(host.context);
    const total = { low: 0, high: 0 };
    await day(total, 1_000, 1_000);
    for (let passed = 1; passed <= 60; passed++) {
      await day(total, 1_350, 650);
      if (reports().count > 0) return passed;
    }
    return Infinity;
  };

  test('is reported the later, the seldomer false alarms may be', async () => {
    const usual = await daysUntilReported();
    host.close();
    host = openFakeHost({ repository: 'acme/models', 'drift-false-alarm-seconds': '3e16' });
    await serveVersion();
    const cautious = await daysUntilReported();
    expect(usual).toBeLessThan(cautious);
    expect(cautious).toBeLessThan(Infinity);
  });

  test('is told for as long as it lasts, from the day it began, though that is months ago', async () => {
    closeWindows(host.context);
    const cache = new Map();
    const total = { low: 0, high: 0 };
    for (let past = 0; past < 90; past += 1) {
      const [low, high] = past < 10 ? [1_000, 1_000] : [1_900, 100];
      total.low += low;
      total.high += high;
      capture('a', total.low, total.high);
      nextWindow(DAY_MS);
      await judgeWindows(host.context, past % 20 === 0 ? new Map() : cache);
      await pruneStore(host.context);
    }
    // One report of it, and no second one: it is the same drift, which skew from the first day that is kept would not be.
    expect(reports()).toMatchObject({ count: 1, entry: { payload: { body: { verdict: 'fail' } } } });
    const body = JSON.stringify(reports().entry?.payload.body);
    expect(body).toContain('drifted');
    expect(windows()).toHaveLength(90);
  });

  test('is reported at once when values go missing', async () => {
    closeWindows(host.context);
    await day({ low: 0, high: 0 }, 500, 500, 400);
    expect(reports()).toMatchObject({ count: 1 });
    expect(JSON.stringify(reports().entry?.payload.body)).toContain('missing-values');
  });
});
