import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeState } from '../../agent/api/describe-state.ts';
import { captureFolder } from '../../agent/instances/launch.ts';
import { startInstance } from '../../agent/instances/start-instance.ts';
import { joinLabels } from '../../agent/windows/join-labels.ts';
import { judgeLateLabels } from '../../agent/windows/judge-late-labels.ts';
import { countLabels, measureDelay } from '../../agent/windows/read-labels.ts';
import { type FakeHost, openFakeHost, storeBlob, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const SUBJECT = { model: MODEL, version: '1' };
const HOUR_MS = 3_600_000;

let host: FakeHost;
beforeEach(async () => {
  host = openFakeHost({ repository: 'acme/models' });
  const { context } = host;
  const profile = {
    schema: 'trainyard.profile/1',
    model: MODEL,
    version: '1',
    created: '2026-01-01T00:00:00Z',
    rows: 10_000,
    features: [],
    prediction: {
      kind: 'classes',
      classes: ['a', 'b'],
      counts: [5_000, 5_000],
      confidence: { edges: [0.5], total: [5_000, 5_000], correct: [4_500, 4_900] },
    },
  };
  const manifest = await storePackage(context, '1', {
    profile: await storeBlob(context, JSON.stringify(profile)),
  });
  await startInstance(context, { model: MODEL, version: '1', request: { manifest } });
  const traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
  context.store.putTraffic(MODEL, { traffic, setAt: context.clock.now() });
});
afterEach(() => host.close());

/** The handler's log of predictions `from` … `to`, all of class `a`. */
function logPredictions(from: number, to: number, file = 'predictions-7.log', version = '1'): void {
  const folder = captureFolder(host.folder, MODEL, version);
  mkdirSync(folder, { recursive: true });
  const at = new Date(host.world.now).toISOString();
  const lines = Array.from({ length: to - from }, (_, index) => `r${from + index}\t${at}\ta\t${index % 2}`);
  writeFileSync(join(folder, file), `${lines.join('\n')}\nhalf a li`);
}

function sendLabels(from: number, to: number, labelOf: (index: number) => string | number): void {
  const labels = Array.from({ length: to - from }, (_, index) => ({
    id: `r${from + index}`,
    label: labelOf(index),
  }));
  host.context.store.labels.add(MODEL, host.context.clock.now(), labels);
}

const counts = () => countLabels(host.context, SUBJECT);

describe('late labels', () => {
  test('are joined with the predictions they belong to, in any log of any worker', async () => {
    logPredictions(0, 10);
    logPredictions(10, 14, 'predictions-8.log.1');
    host.world.now += 10_000;
    sendLabels(0, 14, (index) => (index < 2 ? 'b' : 'a'));
    await joinLabels(host.context);
    expect(await counts()).toEqual([
      { day: '2026-01-01', bin: 0, labelled: 7, correct: 6 },
      { day: '2026-01-01', bin: 1, labelled: 7, correct: 6 },
    ]);
    const longest = { quantile: 0.99, total: 14 };
    expect(await measureDelay(host.context, SUBJECT, longest)).toBeCloseTo(10, 1);
  });

  test('that come twice count once, and strangers never', async () => {
    logPredictions(0, 2);
    sendLabels(0, 2, () => 'a');
    sendLabels(0, 5, () => 'b');
    await joinLabels(host.context);
    expect((await counts()).reduce((sum, { labelled, correct }) => sum + labelled + correct, 0)).toBe(4);
  });

  test('that are none of the classes are neither right nor wrong, are left out, and counted for people', async () => {
    logPredictions(0, 6);
    sendLabels(0, 6, (index) => (index < 2 ? 'A' : 'a'));
    await joinLabels(host.context);
    expect((await counts()).reduce((sum, { labelled, correct }) => sum + labelled + correct, 0)).toBe(8);
    expect(host.context.store.labels.waiting(MODEL, 0, 9)).toEqual([]);
    const told = async () => {
      const { warnings = [] } = await describeState(host.context);
      return warnings.filter(({ code }) => code === 'labels-unknown').map(({ message }) => message);
    };
    expect(await told()).toEqual([
      '2 late labels of mnist are none of its classes, or no numbers, and were left out. ' +
        'Send them as the holdout has them; `answers.labels` says what stands for which class.',
    ]);
    host.world.now += 8 * 24 * HOUR_MS;
    expect(await told()).toEqual([]);
  });

  test('wait for a prediction that is logged a little later', async () => {
    sendLabels(0, 2, () => 'a');
    await joinLabels(host.context);
    expect(await counts()).toEqual([]);
    logPredictions(0, 2);
    host.world.now += 61_000;
    await joinLabels(host.context);
    expect(await counts()).toHaveLength(2);
  });

  test('that were sent to all hosts behind a balancer are all joined where their prediction is', async () => {
    const [hosts, total] = [3, 60_000];
    const ids = Array.from({ length: total }, (_, index) =>
      createHash('md5').update(String(index)).digest('hex'),
    );
    const at = new Date(host.world.now).toISOString();
    const ours = ids.filter((_, index) => index % hosts === 0);
    const folder = captureFolder(host.folder, MODEL, '1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'predictions-1.log'), ours.map((id) => `${id}\t${at}\ta\t1\n`).join(''));
    const { labels } = host.context.store;
    const send = () => {
      for (let from = 0; from < total; from += 10_000) {
        const page = ids.slice(from, from + 10_000).map((id) => ({ id, label: 'a' }));
        labels.add(MODEL, host.context.clock.now(), page);
      }
    };
    send();
    const joined = async () => (await counts()).reduce((sum, { labelled }) => sum + labelled, 0);
    const passMinute = async () => {
      host.world.now += 61_000;
      await joinLabels(host.context);
    };
    for (let minute = 0; minute < 4; minute += 1) await passMinute();
    expect(await joined()).toBe(ours.length);
    // After an hour each of the others has a last turn, and none is left that would be looked for again.
    host.world.now += HOUR_MS;
    for (let minute = 0; minute < 4; minute += 1) await passMinute();
    expect(labels.waiting(MODEL, 0, 1)).toEqual([]);
    // Those that come later are joined as if the others had never been.
    logPredictions(0, 100);
    sendLabels(0, 100, () => 'a');
    await passMinute();
    expect(await joined()).toBe(ours.length + 100);
    send();
    await passMinute();
    expect(await joined()).toBe(ours.length + 100);
  });

  test('of a model that this host never served do not wait for ever', async () => {
    const { labels } = host.context.store;
    labels.add('other', host.context.clock.now(), [{ id: 'x', label: 'a' }]);
    await joinLabels(host.context);
    expect(labels.waitingModels()).toEqual(['other']);
    host.world.now += HOUR_MS + 1_000;
    await joinLabels(host.context);
    expect(labels.waitingModels()).toEqual([]);
  });

  test('raise an alarm when the model is right less often than it promised, reported once', async () => {
    for (let day = 0; day < 4; day++) {
      logPredictions(day * 2_000, day * 2_000 + 2_000);
      sendLabels(day * 2_000, day * 2_000 + 2_000, (index) => (index % 4 < 2 ? 'b' : 'a'));
      await joinLabels(host.context);
      host.world.now += 24 * HOUR_MS;
      await judgeLateLabels(host.context);
    }
    const { store, clock } = host.context;
    expect(store.outbox.pending().count).toBe(1);
    expect(store.outbox.next('trainyard.label-drift', clock.now())).toMatchObject({
      type: 'trainyard.label-drift',
      payload: { body: { version: '1', verdict: 'fail' } },
    });
  });

  test('raise none while it keeps its promise', async () => {
    for (let day = 0; day < 4; day++) {
      logPredictions(day * 1_000, day * 1_000 + 1_000);
      sendLabels(day * 1_000, day * 1_000 + 1_000, (index) => (index % 20 === 0 ? 'b' : 'a'));
      await joinLabels(host.context);
      host.world.now += 24 * HOUR_MS;
      await judgeLateLabels(host.context);
    }
    expect(host.context.store.outbox.pending().count).toBe(0);
  });
});
