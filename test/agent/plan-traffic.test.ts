import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createPlanner } from '../../agent/traffic/plan-traffic.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

let host: FakeHost;
let agent: Agent;

beforeEach(async () => {
  host = openFakeHost();
  agent = createAgent(host.context);
  const manifest = await storePackage(host.context, '1', { model: 'mnist' });
  expect(await agent.startInstance('mnist', '1', { manifest })).toMatchObject({ ok: true });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
});
afterEach(() => host.close());

test('a plan is the same one until something that it is made of changes', async () => {
  const plan = createPlanner(host.context);
  const before = plan();
  expect(before).toMatchObject({ backends: [{ model: 'mnist', version: '1' }], splits: [] });
  expect(plan()).toBe(before);
  const request = { stable: '1', candidatePercent: 0, shadow: false };
  expect(await agent.setTraffic('mnist', request, undefined)).toMatchObject({ ok: true });
  const shared = plan();
  expect(shared).toMatchObject({
    splits: [{ model: 'mnist', stable: '1', isAnswered: true }],
    unnamed: 'mnist',
  });
  expect(plan()).toBe(shared);
  agent.stopInstance('mnist', '1');
  host.context.store.putMemory('unnamed-model', {});
  expect(plan()).toMatchObject({ unnamed: undefined });
});

test('traffic that could not be written is in the plan at once', async () => {
  const plan = createPlanner(host.context);
  const request = { stable: '1', candidatePercent: 0, shadow: false };
  expect(await agent.setTraffic('mnist', request, undefined)).toMatchObject({ ok: true });
  const { store } = host.context;
  const stored = store.getTraffic('mnist');
  if (stored === undefined) throw new Error('There is traffic.');
  expect(plan().splits).toMatchObject([{ candidate: undefined }]);
  store.holdTraffic('mnist', { ...stored, traffic: { ...stored.traffic, candidate: '2' } });
  expect(plan().splits).toMatchObject([{ candidate: '2' }]);
});
