import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAgent } from '../../../agent/agent.ts';
import { createApp } from '../../../agent/api/server.ts';
import { NO_COUNTERS } from '../../../agent/envoy/cluster-counters.ts';
import type { App } from '../../../agent/http/call.ts';
import { NO_COUNTS } from '../../../agent/traffic/version-reading.ts';
import { agentStateSchema } from '../../../core/serving/api.ts';
import { historySchema } from '../../../core/serving/screen/history.ts';
import { outlookSchema } from '../../../core/serving/screen/outlook.ts';
import { PLAN } from '../../../measure/simulate/simulate-rollout.ts';
import { askApp } from '../../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost } from '../support/fake-context.ts';
import { PAST_ROLLOUT, setScene } from './scenes.ts';

const HOUR_MS = 3_600_000;

let host: FakeHost;
let app: App;
beforeEach(() => {
  host = openFakeHost({ 'sticky-header': 'x-user-id' });
  app = createApp(createAgent(host.context));
});
afterEach(() => host.close());

const headers = { authorization: `Bearer ${TOKENS.reader}` };
const ask = (path: string, init: RequestInit = {}) => askApp(app, path, { headers, ...init });
const readHistory = async (query = '') =>
  historySchema.parse(await (await ask(`/v1/models/mnist/history${query}`)).json());
const readOutlook = async () => outlookSchema.parse(await (await ask('/v1/models/mnist/outlook')).json());

describe('the history', () => {
  test('holds what every kept poll of the day counted, and what comes later is added', async () => {
    await setScene(host, 'canary');
    const polls = host.context.store.observationTexts('mnist', { after: 0, most: 10_000 });
    const first = await readHistory();
    const sum = ({ stretches }: typeof first) =>
      stretches.reduce((all, { stable, candidate }) => all + stable.requests + candidate.requests, 0);
    const counted = polls
      .map((text) => JSON.parse(text))
      .filter(({ at }) => Date.parse(at) >= Date.parse(first.stretches[0]?.at ?? ''));
    expect(sum(first)).toBe(
      counted.reduce((all, { stable, candidate }) => all + stable.requests + candidate.requests, 0),
    );
    host.context.store.addObservation('mnist', '', {
      ...{ host: 'host-1', at: host.context.clock.now(), seconds: 5, stage: 0, weights: { candidate: 0 } },
      candidate: NO_COUNTS,
      stable: { ...NO_COUNTS, requests: 7 },
    });
    expect(sum(await readHistory())).toBe(sum(first) + 7);
    expect((await readHistory('?hours=1')).stretches).toHaveLength(12);
  });

  test('is read while many polls of another model lie between, and of a model without any', async () => {
    const { store, clock } = host.context;
    const add = (model: string) =>
      store.addObservation(model, '', {
        ...{ host: 'host-1', at: clock.now(), seconds: 5, stage: 0, weights: { candidate: 0 } },
        candidate: NO_COUNTS,
        stable: { ...NO_COUNTS, requests: 1 },
      });
    store.transaction(() => {
      add('mnist');
      for (let index = 0; index < 1_200; index += 1) add('other');
      add('mnist');
    });
    expect((await readHistory()).stretches).toMatchObject([{ stable: { requests: 2 } }]);
    // Nobody else waits for more than a few rows, nor for those of others that are passed by.
    const { pollsAfter } = store;
    expect(pollsAfter('other', 0)).toMatchObject({ polls: { length: 25 } });
    expect(pollsAfter('mnist', 1)).toEqual({ polls: [], upTo: 501 });
    const none = await ask('/v1/models/nobody/history');
    expect(await none.json()).toMatchObject({ stretches: [], rollouts: [] });
  });

  test('is kept for those who ask on, and begun anew a day after the last one asked, whoever asks next', async () => {
    const { store } = host.context;
    const add = (rollout: string, requests: number) =>
      store.addObservation('mnist', rollout, {
        ...{ host: 'host-1', at: host.context.clock.now(), seconds: 5, stage: 0, weights: { candidate: 10 } },
        candidate: { ...NO_COUNTS, requests },
        stable: NO_COUNTS,
      });
    const begun = vi.spyOn(store, 'numberBefore');
    const read = vi.spyOn(store, 'pollsAfter');
    const began = host.world.now;
    add('r1', 1);
    for (let hour = 0; hour < 40; hour += 1) {
      await readHistory();
      host.world.now += HOUR_MS;
      add('r1', 1);
    }
    expect(begun).toHaveBeenCalledTimes(1);
    // A whole day long the rollout has been older than what is told of it.
    expect((await readHistory()).rollouts).toMatchObject([{ candidate: { requests: 24 } }]);
    for (let hour = 0; hour < 30; hour += 1) {
      host.world.now += HOUR_MS;
      add('r2', 1);
    }
    read.mockClear();
    expect((await readHistory()).rollouts).toMatchObject([{ rollout: 'r2', candidate: { requests: 24 } }]);
    expect(begun).toHaveBeenCalledTimes(2);
    // Of the 30 new polls the first 6 are too old to be read.
    expect(read.mock.calls[0]).toEqual(['mnist', 47]);
    host.world.now += 25 * HOUR_MS;
    await ask('/v1/models/other/history');
    host.world.now = began + 71 * HOUR_MS;
    begun.mockClear();
    await readHistory();
    expect(begun.mock.calls).toMatchObject([['mnist', expect.any(String)]]);
  });

  test('of a rollout that is over keeps the evidence, also after a restart of the agent', async () => {
    await setScene(host, 'canary');
    app = createApp(createAgent(host.reopen()));
    const { rollouts } = await readHistory();
    const [past, present] = rollouts;
    expect([past?.rollout, present?.rollout]).toEqual([PAST_ROLLOUT, '01-mnist-8']);
    expect(past?.evidence).toMatchObject({ polls: 40, limit: -Math.log(PLAN.alarmAlpha) });
    expect(past?.evidence?.curve).toHaveLength(40);
    expect(past?.evidence?.peak).toBe(
      Math.max(...(past?.evidence?.curve ?? []).map(({ total }) => total), 0),
    );
    expect(present?.evidence, 'is in the outlook').toBeUndefined();
  });

  test('keeps the evidence of the last three, and folds each once', async () => {
    await setScene(host, 'canary');
    const { store } = host.context;
    const stored = store.getTraffic('mnist');
    if (stored?.traffic.lease === undefined) throw new Error('There is a rollout.');
    const { lease } = stored.traffic;
    for (const rollout of ['r2', 'r3', 'r4']) {
      store.putTraffic('mnist', { ...stored, traffic: { ...stored.traffic, lease: { ...lease, rollout } } });
    }
    const read = vi.spyOn(store, 'observations');
    const told = async () =>
      (await readHistory()).rollouts.filter(({ evidence }) => evidence).map(({ rollout }) => rollout);
    // Two of the three were never polled.
    expect(await told()).toEqual(['01-mnist-8']);
    const asked = read.mock.calls.length;
    expect(await told()).toEqual(['01-mnist-8']);
    expect(read.mock.calls).toHaveLength(asked);
  });

  test.each(['?hours=0', '?hours=25', '?hours=x'])('of %s is refused', async (query) => {
    expect((await ask(`/v1/models/mnist/history${query}`)).status).toBe(400);
  });
});

describe('the outlook', () => {
  test('says what the brake would decide, by the same evidence, and what would reach the limit', async () => {
    await setScene(host, 'canary');
    const { rollout, latency, stickyHeader } = await readOutlook();
    expect(rollout?.decision.kind).toBe('continue');
    expect(rollout?.evidence).toMatchObject({ polls: 300, limit: -Math.log(PLAN.alarmAlpha) });
    expect(rollout?.evidence.curve.at(-1)?.total).toBe(rollout?.evidence.total);
    expect(rollout?.evidence.failuresToAlarm).toBeGreaterThan(0);
    expect(rollout?.stages.map(({ percent }) => percent)).toEqual([1, 10, 50, 100]);
    expect(latency.candidate?.p50).toBeGreaterThan(0);
    expect(stickyHeader).toBe('x-user-id');
  });

  test('of a braked rollout shows the evidence over its limit, also after a restart of the agent', async () => {
    await setScene(host, 'braked');
    app = createApp(createAgent(host.reopen()));
    const { rollout } = await readOutlook();
    expect(rollout?.evidence.peak).toBeGreaterThan(rollout?.evidence.limit ?? Number.NaN);
    expect(rollout?.evidence.failuresToAlarm).toBe(0);
  });

  test('counts what a full disk kept from being written', async () => {
    await setScene(host, 'canary');
    const { store, clock } = host.context;
    const [before] = store.observations('mnist', '01-mnist-8', 0, 1);
    if (before === undefined) throw new Error('The rollout has polls.');
    const observation = { ...before, at: clock.now() };
    const from = store.getMemory('counted/mnist', agentStateSchema.pick({}).loose())?.['at'];
    store.holdCounts('mnist', {
      from: String(from),
      reading: { at: clock.now(), versions: {}, seen: { rollout: '01-mnist-8', versions: {} } },
      observations: [{ rollout: '01-mnist-8', observation }],
    });
    expect((await readOutlook()).rollout?.evidence.polls).toBe(301);
  });

  test('without a rollout tells the last hour, drift and labels as last judged, and who monitors', async () => {
    await setScene(host, 'idle');
    const outlook = await readOutlook();
    expect(outlook.rollout).toBeUndefined();
    expect(outlook.latency.stable.answers).toBeGreaterThan(1_000);
    expect(outlook.drift?.features[0]).toMatchObject({ name: 'brightness', verdict: 'fail' });
    expect(outlook.labels).toMatchObject({ coverage: 0.62 });
    expect(outlook.monitored?.isFirst).toBe(false);
  });

  test('tells how many requests pinned each version, asks the proxy seldom, and waits for it never', async () => {
    await setScene(host, 'canary');
    const counters = vi.spyOn(host.context.proxy, 'counters');
    const pinned = { ...NO_COUNTERS, sent: 11, overflowed: 1 };
    host.world.counters.set('mnist@8-pinned', pinned);
    for (let asked = 0; asked < 3; asked += 1) await readOutlook();
    expect((await readOutlook()).pinned).toEqual({ 8: 12 });
    expect(counters).toHaveBeenCalledTimes(1);
    host.world.now += 60_000;
    counters.mockReturnValue(new Promise(() => undefined));
    host.world.counters.set('mnist@8-pinned', { ...pinned, sent: 20 });
    await readOutlook();
    expect((await readOutlook()).pinned, 'as it was').toEqual({ 8: 12 });
  });

  test('of a model that never had traffic is not found', async () => {
    expect((await ask('/v1/models/nobody/outlook')).status).toBe(404);
  });
});
