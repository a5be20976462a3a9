import { describe, expect, test } from 'vitest';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { SetTraffic } from '../../core/serving/api.ts';
import { ALL_STABLE, MODEL, useCanaryHost } from './support/canary-host.ts';
import { serveAll, storePackage } from './support/fake-context.ts';

const on = useCanaryHost();
const { traffic, canary, startCanary } = on;

describe('traffic taken back by hand', () => {
  const takeBack = (to?: string) =>
    on.agent.takeBack(MODEL, { explanation: 'It answers nonsense.', ...(to !== undefined && { to }) });
  const set = (request: SetTraffic) => on.agent.setTraffic(MODEL, request, traffic()?.revision);
  const reported = () =>
    on.host.context.store.outbox.next(DISPATCH_TYPES.brake, '2027-01-01T00:00:00.000Z')?.payload.body;

  test('ends a rollout on this host: it is braked as by harm, and reported', async () => {
    await startCanary();
    expect(await takeBack()).toMatchObject({ ok: true, value: { stable: '1', candidatePercent: 0 } });
    expect(on.host.world.plan?.splits[0]?.candidatePercent).toBe(0);
    expect(traffic()?.brake).toMatchObject({ rollout: 'r1', version: '2', code: 'by-hand' });
    expect(reported()).toMatchObject({ rollout: 'r1', version: '2', code: 'by-hand', to: '1' });
    expect(await set(canary('r1'))).toMatchObject({ error: { code: 'braked' } });
  });

  test('is overridden by no other rollout of that version either, unless a person has named it since', async () => {
    await startCanary();
    await takeBack();
    expect(await set(canary('r2'))).toMatchObject({ error: { code: 'braked' } });
    expect(await set({ ...canary('r2'), candidatePercent: 0 })).toMatchObject({ ok: true });
    expect(await set(canary('r2'))).toMatchObject({ error: { code: 'braked' } });
    expect(await set(ALL_STABLE)).toMatchObject({ ok: true });
    expect(traffic()?.brake).toBeUndefined();
    expect(await set(canary('r3'))).toMatchObject({ error: { code: 'braked' } });
    const at = new Date(on.host.world.now).toISOString();
    const words = [{ version: '2', rollout: 'r3', actor: 'ada', at }];
    expect(await set({ ...canary('r3'), words })).toMatchObject({ ok: true });
  });

  test('takes the champion off for a version that is named and ready', async () => {
    await set({ ...ALL_STABLE, stable: '2' });
    expect(await takeBack()).toMatchObject({
      error: { code: 'version-missing', remedy: 'Name it. Ready here: 1.' },
    });
    expect(await takeBack('9')).toMatchObject({ error: { code: 'not-ready' } });
    expect(await takeBack('1')).toMatchObject({ ok: true, value: { stable: '1' } });
    expect(reported()).toMatchObject({ rollout: '', version: '2', code: 'by-hand', to: '1' });
    // What monitor-check would do, and a rollout of the next version beside the one that was taken back.
    expect(await set({ ...ALL_STABLE, stable: '2' })).toMatchObject({ error: { code: 'braked' } });
    expect(await set({ ...canary('r1'), stable: '2', candidate: '1' })).toMatchObject({
      error: { code: 'braked' },
    });
    expect(await set(ALL_STABLE)).toMatchObject({ ok: true });
  });

  test('takes the stable version off too once the candidate is', async () => {
    await startCanary();
    const manifest = await storePackage(on.host.context, '3');
    await on.agent.startInstance(MODEL, '3', { manifest });
    for (let step = 0; step < 3; step++) {
      await on.agent.converge();
      serveAll(on.host.world);
    }
    expect(await takeBack('3')).toMatchObject({ error: { code: 'candidate-open' } });
    await takeBack();
    expect(await takeBack('3')).toMatchObject({ ok: true, value: { stable: '3', candidatePercent: 0 } });
    expect(traffic()).not.toHaveProperty('candidate');
    expect(traffic()?.brake).toMatchObject({ rollout: 'r1', version: '1' });
    expect(await set(canary('r1'))).toMatchObject({ error: { code: 'rollout-over' } });
  });

  test('is reported once more when it happens again to a model that was retired meanwhile', async () => {
    await set({ ...ALL_STABLE, stable: '2' });
    await takeBack('1');
    expect(on.agent.retireModel(MODEL, traffic()?.revision)).toMatchObject({ ok: true });
    on.host.world.now += 60_000;
    for (let step = 0; step < 3; step++) await on.agent.converge();
    for (const version of ['1', '2']) {
      await on.agent.startInstance(MODEL, version, {
        manifest: await storePackage(on.host.context, version),
      });
    }
    for (let step = 0; step < 3; step++) {
      await on.agent.converge();
      serveAll(on.host.world);
    }
    await on.agent.setTraffic(MODEL, ALL_STABLE, undefined);
    await set({ ...ALL_STABLE, stable: '2' });
    const { outbox } = on.host.context.store;
    const nextBrake = () => outbox.next(DISPATCH_TYPES.brake, '2027-01-01T00:00:00.000Z');
    const first = nextBrake();
    outbox.delivered(first?.seq ?? 0, on.host.context.clock.now());
    expect(nextBrake()).toBeUndefined();
    expect(await takeBack('1')).toMatchObject({ ok: true });
    expect(nextBrake()?.payload.body).toMatchObject({ version: '2', to: '1' });
  });

  test('needs traffic to take', async () => {
    expect(await on.agent.takeBack('other', { explanation: 'x' })).toMatchObject({
      error: { code: 'no-such-traffic' },
    });
  });
});
