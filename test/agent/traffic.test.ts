import { describe, expect, test } from 'vitest';
import { describeState } from '../../agent/api/describe-state.ts';
import type { ClusterCounters } from '../../agent/envoy/cluster-counters.ts';
import type { SetTraffic, Word } from '../../core/serving/api.ts';
import { ALL_STABLE, MODEL, useCanaryHost } from './support/canary-host.ts';
import { leaseOf } from './support/deploy.ts';
import { counted, serveAll } from './support/fake-context.ts';

const on = useCanaryHost();
const { traffic, observations, canary, startCanary, poll } = on;

/** A person's word for the candidate, now. */
function named(rollout: string): Word {
  return { version: '2', rollout, actor: 'ada', at: new Date(on.host.world.now).toISOString() };
}

describe('setting traffic', () => {
  test('needs the revision that it replaces', async () => {
    expect(await on.agent.setTraffic(MODEL, ALL_STABLE, undefined)).toMatchObject({
      error: { code: 'revision-changed' },
    });
    expect(await on.agent.setTraffic(MODEL, ALL_STABLE, 1)).toMatchObject({
      ok: true,
      value: { revision: 2 },
    });
  });

  test.each<[string, Partial<SetTraffic>, string]>([
    ['an unknown version', { candidate: '9', candidatePercent: 1 }, 'not-ready'],
    ['a share for nobody', { candidatePercent: 1 }, 'candidate-missing'],
    ['a shadow of nobody', { shadow: true }, 'candidate-missing'],
    ['the stable version as candidate', { candidate: '1' }, 'candidate-is-stable'],
  ])('refuses %s', async (_what, change, code) => {
    expect(await on.agent.setTraffic(MODEL, { ...ALL_STABLE, ...change }, 1)).toMatchObject({
      error: { code },
    });
    expect(traffic()?.revision).toBe(1);
  });

  test('is what the proxy runs on when it answers', async () => {
    await startCanary();
    expect(on.host.world.plan?.splits).toEqual([
      { model: MODEL, stable: '1', candidate: '2', candidatePercent: 50, shadow: false, isAnswered: true },
    ]);
  });

  test('is stored and tried again when the proxy does not take it up', async () => {
    on.host.world.proxyFailure = new Error('it is down');
    expect(await on.agent.setTraffic(MODEL, canary('r1'), 1)).toMatchObject({
      error: { code: 'proxy-not-converged' },
    });
    on.host.world.proxyFailure = undefined;
    await on.agent.converge();
    expect(on.host.world.plan?.splits[0]?.candidatePercent).toBe(50);
  });
});

test('what a host was told of the ledger is kept until it is told more', async () => {
  const ledger = { commit: 'c1', events: 4, last: 'x' };
  await on.agent.setTraffic(MODEL, { ...ALL_STABLE, ledger }, traffic()?.revision);
  await on.agent.setTraffic(MODEL, ALL_STABLE, traffic()?.revision);
  expect(traffic()?.ledger).toEqual(ledger);
  await on.agent.setTraffic(MODEL, { ...ALL_STABLE, ledger: { ...ledger, events: 5 } }, traffic()?.revision);
  expect(traffic()?.ledger?.events).toBe(5);
});

describe('observations', () => {
  test('hold what each version did since the last one', async () => {
    await startCanary();
    await poll(100, 3);
    await poll(150, 3);
    const rows = observations('r1');
    expect(rows.map(({ candidate }) => [candidate.requests, candidate.errors])).toEqual([
      [100, 3],
      [50, 0],
    ]);
    expect(rows.every(({ seconds, weights }) => seconds === 5 && weights.candidate === 50)).toBe(true);
  });

  test('are added up in the state for as long as a rollout runs here', async () => {
    const totals = async () => (await describeState(on.host.context)).seen?.[MODEL];
    await startCanary();
    await poll(100, 3);
    on.host.world.counters.set(`${MODEL}@2`, { ...counted(150, 3), sent: 157, cut: 7, clientErrors: 4 });
    on.host.world.counters.set(`${MODEL}@1`, counted(150));
    await on.agent.observeAndJudge();
    expect(await totals()).toEqual({
      1: { requests: 150, errors: 0, unanswered: 0, refused: 0, invalid: 0 },
      2: { requests: 157, errors: 10, unanswered: 7, refused: 4, invalid: 0 },
    });
    await on.agent.setTraffic(MODEL, { ...canary('r2'), words: [named('r2')] }, traffic()?.revision);
    await poll(160);
    expect(await totals()).toMatchObject({ 1: { requests: 10 } });
  });

  test('count what happened while the agent was down, once', async () => {
    await startCanary();
    await poll(100);
    on.host.reopen();
    on.restartAgent();
    await poll(180);
    expect(observations('r1').map(({ candidate }) => candidate.requests)).toEqual([100, 80]);
  });

  test('survive a restart of the proxy, whose counters begin anew', async () => {
    await startCanary();
    await poll(100);
    await poll(30, 1);
    expect(observations('r1').at(-1)?.candidate).toMatchObject({ requests: 30, errors: 1 });
  });

  test('never straddle a change of weights', async () => {
    await startCanary();
    on.host.world.counters.set(`${MODEL}@1`, counted(40));
    on.host.world.now += 1_000;
    const { lease, ...rest } = canary('r1');
    await on.agent.setTraffic(
      MODEL,
      { ...rest, candidatePercent: 100, ...(lease && { lease: { ...lease, stage: 1 } }) },
      2,
    );
    await poll(90);
    expect(observations('r1').map(({ stage, stable }) => [stage, stable.requests])).toEqual([
      [0, 40],
      [1, 50],
    ]);
  });

  test('are not kept while nothing is rolled out and nobody asks', async () => {
    await poll(0);
    expect(observations()).toEqual([]);
  });
});

describe('the brake', () => {
  test('takes all traffic from a candidate that fails, and reports it once', async () => {
    await startCanary();
    await poll(60, 30);
    expect(traffic()).toMatchObject({
      candidatePercent: 0,
      revision: 3,
      brake: { code: 'errors-worse', version: '2' },
    });
    expect(on.host.world.plan?.splits[0]?.candidatePercent).toBe(0);
    await poll(120, 60);
    expect(on.host.context.store.outbox.pending().count).toBe(1);
  });

  test('does not act on chance', async () => {
    await startCanary();
    for (let requests = 100; requests <= 2_000; requests += 100) {
      await poll(requests, requests / 100, requests / 100);
    }
    expect(traffic()?.brake).toBeUndefined();
  });

  test.each<[string, Partial<ClusterCounters>, string]>([
    ['leaves requests unanswered', { answered: 50, cut: 10 }, 'errors-worse'],
    ['refuses what the stable version takes', { clientErrors: 30 }, 'refused-worse'],
  ])('takes all traffic from a candidate that %s', async (_, counters, code) => {
    await startCanary();
    on.host.world.now += 5_000;
    on.host.world.counters.set(`${MODEL}@1`, counted(60));
    on.host.world.counters.set(`${MODEL}@2`, { ...counted(60), ...counters });
    await on.agent.observeAndJudge();
    expect(traffic()).toMatchObject({ candidatePercent: 0, brake: { code } });
  });

  test('leaves alone a candidate of whose requests clients write as many wrongly', async () => {
    await startCanary();
    for (const requests of [500, 1_000, 1_500]) {
      on.host.world.now += 5_000;
      for (const version of ['1', '2']) {
        const counters = { ...counted(requests), clientErrors: 0.4 * requests };
        on.host.world.counters.set(`${MODEL}@${version}`, counters);
      }
      await on.agent.observeAndJudge();
    }
    expect(traffic()?.brake).toBeUndefined();
  });

  test('weighs what was seen before the agent was killed', async () => {
    await startCanary();
    await poll(30, 3);
    await poll(60, 6);
    expect(traffic()?.brake).toBeUndefined();
    on.host.reopen();
    on.restartAgent();
    await poll(90, 9);
    await poll(120, 12);
    expect(traffic()?.brake?.code).toBe('errors-worse');
  });

  test('refuses to raise that rollout again, and lets another one begin that a person has named', async () => {
    await startCanary();
    await poll(60, 30);
    expect(await on.agent.setTraffic(MODEL, canary('r1'), 3)).toMatchObject({ error: { code: 'braked' } });
    expect(await on.agent.setTraffic(MODEL, canary('r2'), 3)).toMatchObject({ error: { code: 'braked' } });
    const words = [named('r2')];
    expect(await on.agent.setTraffic(MODEL, { ...canary('r2'), words }, 3)).toMatchObject({ ok: true });
    expect(traffic()?.brake).toBeUndefined();
  });

  test('acts at once when the candidate is not there', async () => {
    await startCanary();
    on.host.world.running.delete(
      [...on.host.world.running.keys()].find((owner) => owner.startsWith(`${MODEL}/2/`)) ?? '',
    );
    await on.agent.converge();
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('candidate-failed');
  });
});

describe('a host that loses its model servers', () => {
  const lose = (...versions: readonly string[]) => {
    for (const owner of [...on.host.world.running.keys()]) {
      if (versions.some((version) => owner.startsWith(`${MODEL}/${version}/`)))
        on.host.world.running.delete(owner);
    }
  };
  const startAnew = async () => {
    for (let step = 0; step < 3; step++) {
      await on.agent.converge();
      serveAll(on.host.world);
    }
  };

  test('goes on with the rollout when stable version and candidate were lost together: only the host is to blame', async () => {
    await startCanary();
    await poll(100);
    lose('1', '2');
    on.host.reopen();
    on.restartAgent();
    await poll(200, 50);
    expect(traffic()?.brake).toBeUndefined();
    await on.agent.converge();
    expect(on.host.world.plan?.splits[0]).toMatchObject({ stable: '1', candidatePercent: 0 });
    expect(await on.agent.setTraffic(MODEL, canary('r1'), traffic()?.revision)).toMatchObject({ ok: true });
    await startAnew();
    expect(on.host.world.plan?.splits[0]?.candidatePercent).toBe(50);
    await poll(220, 50);
    await poll(260, 50);
    expect(traffic()).toMatchObject({ candidatePercent: 50 });
    expect(observations('r1').map(({ candidate }) => [candidate.requests, candidate.errors])).toEqual([
      [100, 0],
      [40, 0],
    ]);
  });

  test('gives a version that is started again no more traffic than it had', async () => {
    await startCanary();
    lose('1', '2');
    await on.agent.observeAndJudge();
    const more = { ...canary('r1'), candidatePercent: 60 };
    expect(await on.agent.setTraffic(MODEL, more, traffic()?.revision)).toMatchObject({
      error: { code: 'not-ready' },
    });
    const promoted = { ...ALL_STABLE, stable: '2' };
    expect(await on.agent.setTraffic(MODEL, promoted, traffic()?.revision)).toMatchObject({
      error: { code: 'not-ready' },
    });
  });

  test('brakes when the candidate was lost alone', async () => {
    await startCanary();
    lose('2');
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('candidate-failed');
  });

  test('brakes when both are lost a second time: the candidate may be what takes the host down', async () => {
    await startCanary();
    lose('1', '2');
    await on.agent.observeAndJudge();
    await startAnew();
    lose('1', '2');
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('candidate-failed');
  });
});

describe('the lease', () => {
  test('holds after one silent lease, and returns to the stable version after two', async () => {
    await startCanary('r1', 60);
    on.host.world.now += 61_000;
    await on.agent.observeAndJudge();
    expect(traffic()).toMatchObject({ candidatePercent: 50 });
    expect(on.host.context.store.getTraffic(MODEL)?.heldSince).toBeDefined();
    on.host.world.now += 60_000;
    await on.agent.observeAndJudge();
    expect(traffic()).toMatchObject({ candidatePercent: 0, brake: { code: 'lease-expired' } });
  });

  test('is renewed by each write', async () => {
    await startCanary('r1', 60);
    on.host.world.now += 90_000;
    await on.agent.observeAndJudge();
    await on.agent.setTraffic(MODEL, canary('r1'), 2);
    on.host.world.now += 90_000;
    await on.agent.observeAndJudge();
    expect(traffic()?.brake).toBeUndefined();
  });

  test('is taken up again by the same rollout: silence is no proof of harm', async () => {
    await startCanary('r1', 60);
    on.host.world.now += 121_000;
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('lease-expired');
    await startCanary('r1', 60);
    expect(traffic()).toMatchObject({ candidatePercent: 50 });
    expect(traffic()?.brake).toBeUndefined();
  });

  test('is given to no rollout that was taken off the traffic, not even after a restart', async () => {
    await startCanary('r1', 60);
    await on.agent.setTraffic(MODEL, ALL_STABLE, traffic()?.revision);
    on.host.reopen();
    on.restartAgent();
    const late = await on.agent.setTraffic(MODEL, canary('r1'), traffic()?.revision);
    expect(late).toMatchObject({ error: { code: 'rollout-over' } });
    await startCanary('r2', 60);
    expect(traffic()).toMatchObject({ candidatePercent: 50 });
  });

  test('counts while the agent is down', async () => {
    await startCanary('r1', 60);
    on.host.world.now += 10 * 60_000;
    on.host.reopen();
    on.restartAgent();
    await on.agent.observeAndJudge();
    expect(traffic()?.brake?.code).toBe('lease-expired');
  });
});

test('a stage that has its evidence is reported once, when no job waits for it', async () => {
  const request = canary('r1', 3_600);
  const plan = { ...leaseOf('r1').plan, stageMinSeconds: 5, minRequests: 100 };
  await on.agent.setTraffic(
    MODEL,
    { ...request, ...(request.lease && { lease: { ...request.lease, plan, detached: true } }) },
    1,
  );
  for (const requests of [200, 400, 600]) await poll(requests);
  const entry = on.host.context.store.outbox.next('trainyard.rollout', on.host.context.clock.now());
  expect(entry).toMatchObject({
    type: 'trainyard.rollout',
    payload: { body: { rollout: 'r1', stage: 0, decision: 'advance' } },
  });
  expect(on.host.context.store.outbox.pending().count).toBe(1);
});
