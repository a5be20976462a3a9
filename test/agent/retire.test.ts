import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { leaseOf } from './support/deploy.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const ALL = { stable: '1', candidatePercent: 0, shadow: false };

let host: FakeHost;
let agent: Agent;
beforeEach(async () => {
  host = openFakeHost();
  agent = createAgent(host.context);
  for (const model of ['mnist', 'other']) await serve(model);
});
afterEach(() => host.close());

async function serve(model: string): Promise<void> {
  await agent.startInstance(model, '1', { manifest: await storePackage(host.context, '1', { model }) });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  expect(await agent.setTraffic(model, ALL, undefined)).toMatchObject({ ok: true });
}

test('a model that is retired has no route, no server and no path, and the other goes on', async () => {
  expect(agent.retireModel('mnist', 1)).toMatchObject({ ok: true, value: [{ state: 'draining' }] });
  await agent.converge();
  expect(host.context.store.getInstance('mnist', '1')?.state).toBe('stopped');
  expect(host.world.plan?.splits.map(({ model }) => model)).toEqual(['other']);
  expect([...host.world.running.keys()].map((owner) => owner.split('/')[0])).toEqual(['other']);
  // Clients of the one that is gone never get answers of another model.
  expect(host.world.plan?.unnamed).toBeUndefined();
  expect(await agent.setTraffic('other', ALL, 1)).toMatchObject({ ok: true });
  expect(host.world.plan?.unnamed).toBeUndefined();
  await serve('mnist');
  expect(host.world.plan?.unnamed).toBe('mnist');
});

test('it is refused in a rollout, to who knows another revision, and where there is nothing', async () => {
  expect(agent.retireModel('none', undefined)).toMatchObject({ error: { code: 'no-such-model' } });
  expect(agent.retireModel('mnist', 7)).toMatchObject({ error: { code: 'revision-changed' } });
  await agent.setTraffic('mnist', { ...ALL, lease: leaseOf('r1') }, 1);
  expect(agent.retireModel('mnist', 2)).toMatchObject({ error: { code: 'rollout-open' } });
});
