import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { report } from '../../agent/outbox/report.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { SetTraffic } from '../../core/serving/api.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const ALL_STABLE: SetTraffic = { stable: '1', candidatePercent: 0, shadow: false };

let host: FakeHost;
let agent: Agent;
beforeEach(async () => {
  host = openFakeHost({ repository: 'acme/models' });
  agent = createAgent(host.context);
  await agent.startInstance(MODEL, '1', { manifest: await storePackage(host.context, '1') });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
});
afterEach(() => host.close());

const order = (environment?: string) =>
  agent.setTraffic(
    MODEL,
    { ...ALL_STABLE, ...(environment !== undefined && { environment }) },
    host.context.store.getTraffic(MODEL)?.traffic.revision,
  );

test('traffic is refused to another environment than the one that is served, but for the agent’s own', async () => {
  expect(await order('staging')).toMatchObject({ ok: true, value: { environment: 'staging' } });
  expect(await order('demo')).toMatchObject({
    error: {
      ...{ status: 409, code: 'other-environment' },
      message: 'This host serves mnist for staging, and demo gave the order.',
    },
  });
  expect(await order()).toMatchObject({ value: { environment: 'staging' } });
  // Its option says production: that is how a host is handed over.
  expect(await order('production')).toMatchObject({ ok: true });
  expect(await order('staging')).toMatchObject({ error: { code: 'other-environment' } });
});

test('reports are of the environment that is served', async () => {
  const subject = { type: DISPATCH_TYPES.brake, model: MODEL, step: 'r1' };
  await order('staging');
  report(host.context, subject, {});
  const { store, clock } = host.context;
  expect(store.outbox.next(DISPATCH_TYPES.brake, clock.now())?.payload.environment).toBe('staging');
});
