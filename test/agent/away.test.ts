import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { describeState } from '../../agent/api/describe-state.ts';
import { buildRoutes } from '../../agent/envoy/config/routes.ts';
import type { SetTraffic } from '../../core/serving/api.ts';
import { leaseOf } from './support/deploy.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';
const ALL_STABLE: SetTraffic = { stable: '1', candidatePercent: 0, shadow: false };

let host: FakeHost;
let agent: Agent;
beforeEach(async () => {
  host = openFakeHost({ repository: 'acme/models' });
  agent = createAgent(host.context);
  for (const version of ['1', '2']) {
    await agent.startInstance(MODEL, version, { manifest: await storePackage(host.context, version) });
  }
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  await agent.setTraffic(MODEL, ALL_STABLE, undefined);
});
afterEach(() => host.close());

const traffic = () => host.context.store.getTraffic(MODEL)?.traffic;
const observations = (rollout?: string) => host.context.store.observations(MODEL, rollout, 0);

/** A canary at half of the traffic under this rollout. */
function canary(rollout: string, leaseSeconds = 60): SetTraffic {
  const at = new Date(host.world.now).toISOString();
  const lease = { ...leaseOf(rollout, leaseSeconds), rolloutStartedAt: at, stageStartedAt: at };
  return { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease };
}

async function startCanary(rollout = 'r1', leaseSeconds = 60): Promise<void> {
  await agent.setTraffic(MODEL, canary(rollout, leaseSeconds), traffic()?.revision);
}

/** Both versions have answered so many requests in all, the candidate so many of them badly; 5 s pass. */
async function poll(requests: number, candidateErrors = 0, stableErrors = 0): Promise<void> {
  host.world.now += 5_000;
  host.world.counters.set(`${MODEL}@1`, counted(requests, stableErrors));
  host.world.counters.set(`${MODEL}@2`, counted(requests, candidateErrors));
  await agent.observeAndJudge();
}

describe('a stable version that is not there', () => {
  /** Version 2 has so much of the traffic, and version 1 fails for good. */
  async function loseStable(candidatePercent: number): Promise<void> {
    await startCanary();
    const request = { ...canary('r1'), candidatePercent };
    await agent.setTraffic(MODEL, request, traffic()?.revision);
    giveUp('1');
    await agent.converge();
  }
  function giveUp(version: string): void {
    const { store } = host.context;
    const instance = store.getInstance(MODEL, version);
    if (instance === undefined) throw new Error('no instance');
    const { handle: _handle, ...rest } = instance;
    store.putInstance({ ...rest, state: 'failed', code: 'crash-loop', since: host.context.clock.now() });
  }
  const weights = () => {
    if (host.world.plan === undefined) throw new Error('no plan');
    const { text } = buildRoutes(host.world.plan);
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
    const renewed = await agent.setTraffic(MODEL, { ...canary('r1'), candidatePercent: 100 }, 3);
    expect(renewed).toMatchObject({ ok: true });
  });

  test('leaves all requests to the candidate that has a part of them, none of which are evidence, and says so', async () => {
    await loseStable(50);
    expect(host.world.plan?.splits[0]).toMatchObject({ candidatePercent: 100 });
    expect(new Map(weights().map(([version, weight]) => [version, weight]))).toEqual(
      new Map([['2', 10_000]]),
    );
    await poll(100);
    await poll(200);
    expect(observations('r1').filter(({ candidate }) => candidate.requests > 0)).toEqual([]);
    expect((await describeState(host.context)).warnings).toEqual([
      {
        code: 'version-away',
        message:
          'Version 1 of mnist is to answer 50% of the requests and is failed on this host (crash-loop). Version 2 answers all of them meanwhile.',
      },
    ]);
  });

  test('is returned to only when it is back, where nothing but silence asks for it', async () => {
    await loseStable(50);
    host.world.now += 200_000;
    await agent.observeAndJudge();
    expect(traffic()?.brake).toBeUndefined();
    expect(host.world.plan?.splits[0]).toMatchObject({ candidatePercent: 100 });
    for (let step = 0; step < 4; step++) {
      await agent.converge();
      serveAll(host.world);
    }
    await agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('lease-expired');
  });

  test('gets no requests back from a candidate that does not take any', async () => {
    await loseStable(0);
    expect(weights()).toEqual([]);
  });

  test('need not be ready to have no share, and must be to get one', async () => {
    giveUp('1');
    const { store } = host.context;
    const before = store.getTraffic(MODEL);
    if (before === undefined) throw new Error('no traffic');
    store.putTraffic(MODEL, { ...before, traffic: { ...before.traffic, stable: '2' } });
    const set = (candidatePercent: number) =>
      agent.setTraffic(MODEL, { ...canary('r1'), candidatePercent }, traffic()?.revision);
    expect(await set(50)).toMatchObject({ error: { code: 'not-ready' } });
    expect(await set(100)).toMatchObject({ ok: true });
  });
});

test('the model that came first keeps the path without a name when a second one comes', async () => {
  expect(host.world.plan?.unnamed).toBe(MODEL);
  const manifest = await storePackage(host.context, '1', { model: 'another' });
  await agent.startInstance('another', '1', { manifest });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  expect(await agent.setTraffic('another', ALL_STABLE, undefined)).toMatchObject({ ok: true });
  expect(host.world.plan?.unnamed).toBe(MODEL);
});
