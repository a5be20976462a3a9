import { describe, expect, test } from 'vitest';
import { describeState } from '../../agent/api/describe-state.ts';
import { buildRoutes } from '../../agent/envoy/config/routes.ts';
import { ALL_STABLE, MODEL, useCanaryHost } from './support/canary-host.ts';
import { serveAll, storePackage } from './support/fake-context.ts';

const on = useCanaryHost();
const { traffic, observations, canary, startCanary, poll } = on;

describe('a stable version that is not there', () => {
  /** Version 2 has so much of the traffic, and version 1 fails for good. */
  async function loseStable(candidatePercent: number): Promise<void> {
    await startCanary();
    const request = { ...canary('r1'), candidatePercent };
    await on.agent.setTraffic(MODEL, request, traffic()?.revision);
    giveUp('1');
    await on.agent.converge();
  }
  function giveUp(version: string): void {
    const { store } = on.host.context;
    const instance = store.getInstance(MODEL, version);
    if (instance === undefined) throw new Error('no instance');
    const { handle: _handle, ...rest } = instance;
    store.putInstance({ ...rest, state: 'failed', code: 'crash-loop', since: on.host.context.clock.now() });
  }
  const weights = () => {
    if (on.host.world.plan === undefined) throw new Error('no plan');
    const { text } = buildRoutes(on.host.world.plan);
    return [...text.matchAll(/"name":"mnist@(\d)","weight":(\d+)/g)].map(([, version, weight]) => [
      version,
      Number(weight),
    ]);
  };

  test('takes nothing from the candidate that has all of the traffic', async () => {
    await loseStable(100);
    expect(new Map(weights().map(([version, weight]) => [version, weight]))).toEqual(
      new Map([['2', 10_000]]),
    );
    await poll(100);
    await poll(200);
    expect(observations('r1').at(-1)?.candidate.requests).toBe(100);
    const renewed = await on.agent.setTraffic(MODEL, { ...canary('r1'), candidatePercent: 100 }, 3);
    expect(renewed).toMatchObject({ ok: true });
  });

  test('leaves all requests to the candidate that has a part of them, none of which are evidence, and says so', async () => {
    await loseStable(50);
    expect(on.host.world.plan?.splits[0]).toMatchObject({ candidatePercent: 100 });
    expect(new Map(weights().map(([version, weight]) => [version, weight]))).toEqual(
      new Map([['2', 10_000]]),
    );
    await poll(100);
    await poll(200);
    expect(observations('r1').filter(({ candidate }) => candidate.requests > 0)).toEqual([]);
    expect((await describeState(on.host.context)).warnings).toEqual([
      {
        code: 'version-away',
        model: 'mnist',
        message:
          'Version 1 of mnist is to answer 50% of the requests and is failed on this host (crash-loop). Version 2 answers all of them meanwhile.',
      },
    ]);
  });

  test('is returned to only when it is back, where nothing but silence asks for it', async () => {
    await loseStable(50);
    on.host.world.now += 200_000;
    await on.agent.observeAndJudge();
    expect(traffic()?.brake).toBeUndefined();
    expect(on.host.world.plan?.splits[0]).toMatchObject({ candidatePercent: 100 });
    for (let step = 0; step < 4; step++) {
      await on.agent.converge();
      serveAll(on.host.world);
    }
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('lease-expired');
  });

  test('gets no requests back from a candidate that does not take any', async () => {
    await loseStable(0);
    expect(weights()).toEqual([]);
  });

  test('need not be ready to have no share, and must be to get one', async () => {
    giveUp('1');
    const { store } = on.host.context;
    const before = store.getTraffic(MODEL);
    if (before === undefined) throw new Error('no traffic');
    store.putTraffic(MODEL, { ...before, traffic: { ...before.traffic, stable: '2' } });
    const set = (candidatePercent: number) =>
      on.agent.setTraffic(MODEL, { ...canary('r1'), candidatePercent }, traffic()?.revision);
    expect(await set(50)).toMatchObject({ error: { code: 'not-ready' } });
    expect(await set(100)).toMatchObject({ ok: true });
  });
});

test('the model that came first keeps the path without a name when a second one comes', async () => {
  expect(on.host.world.plan?.unnamed).toBe(MODEL);
  const manifest = await storePackage(on.host.context, '1', { model: 'another' });
  await on.agent.startInstance('another', '1', { manifest });
  for (let step = 0; step < 3; step++) {
    await on.agent.converge();
    serveAll(on.host.world);
  }
  expect(await on.agent.setTraffic('another', ALL_STABLE, undefined)).toMatchObject({ ok: true });
  expect(on.host.world.plan?.unnamed).toBe(MODEL);
});
