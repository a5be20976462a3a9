import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import type { AgentContext } from '../../agent/context.ts';
import { runLoop } from '../../agent/loop.ts';
import { createSteadyClock } from '../../agent/machine/steady-clock.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { leaseOf } from './support/deploy.ts';
import {
  counted,
  type FakeHost,
  openFakeHost,
  serveAll,
  storeBlob,
  storePackage,
} from './support/fake-context.ts';

/** Time between two looks, in s; a brake may take two of them on a machine that is busy with other tests. */
const TICK_SECONDS = 0.5;
const PROMISE_MS = 2 * 1_000 * TICK_SECONDS;

const never = new Promise<never>(() => undefined);
/** A data plane that takes every request and answers none. */
const silent = createServer(() => undefined);
let host: FakeHost;
let context: AgentContext;
let agent: Agent;
let stop: AbortController;
let loop: Promise<void>;

beforeEach(async () => {
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  host = openFakeHost({ 'data-plane': `127.0.0.1:${port}`, 'tick-seconds': String(TICK_SECONDS) });
  context = { ...host.context, clock: createSteadyClock() };
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  silent.closeAllConnections();
  silent.close();
  await loop;
  host.close();
});

/** A rollout of version 2 at half of the traffic, on an agent whose loop runs. */
async function runRollout(over: Partial<AgentContext> = {}): Promise<void> {
  context = { ...context, ...over };
  agent = createAgent(context);
  for (const version of ['1', '2']) await begin('mnist', version);
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  const request = { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease: leaseOf('r1') };
  expect(await agent.setTraffic('mnist', request, undefined)).toMatchObject({ ok: true });
  loop = runLoop(agent, () => undefined, stop.signal);
}

async function begin(model: string, version: string, change = {}): Promise<void> {
  const manifest = await storePackage(context, version, { model, ...change });
  expect(await agent.startInstance(model, version, { manifest })).toMatchObject({ ok: true });
}

const brake = () => context.store.getTraffic('mnist')?.traffic.brake?.code;

/** From here on the candidate fails every request; gives how long it takes until no more are sent to it, in ms. */
async function timeToBrake(): Promise<number> {
  const begun = performance.now();
  host.world.counters.set('mnist@1', counted(1_000));
  host.world.counters.set('mnist@2', counted(1_000, 1_000));
  await waitFor(async () => brake(), 'the brake', 30_000);
  await waitFor(async () => host.world.plan?.splits[0]?.candidatePercent === 0, 'the plan', 5_000);
  return performance.now() - begun;
}

describe('a candidate that fails is braked within a tick', () => {
  test('while another model’s version hangs in its golden replay', async () => {
    await runRollout();
    const examples = [{ inputs: { x: 1 }, predictions: [1] }];
    const golden = await storeBlob(
      context,
      JSON.stringify({
        schema: 'trainyard.golden/1',
        absoluteTolerance: 0,
        relativeTolerance: 0,
        examples,
      }),
    );
    await begin('big', '1', { golden });
    await waitFor(async () => host.world.starts.some((owner) => owner.startsWith('big/')), 'a start', 5_000);
    serveAll(host.world);
    await waitFor(
      () => new Promise((resolve) => silent.getConnections((_, open) => resolve(open > 0 || undefined))),
      'the replay',
      5_000,
    );
    expect(await timeToBrake()).toBeLessThan(PROMISE_MS);
  });

  test('while a package is hashed, and while a server will not end', async () => {
    let isStuck = false;
    const { verify } = context.blobs;
    await runRollout({
      blobs: { ...context.blobs, verify: (digest) => (isStuck ? never : verify(digest)) },
      runtime: { ...context.runtime, stop: () => never },
    });
    await begin('old', '1');
    await waitFor(async () => host.world.starts.some((owner) => owner.startsWith('old/')), 'a start', 5_000);
    isStuck = true;
    agent.stopInstance('old', '1');
    await begin('new', '1');
    await waitFor(
      async () => host.world.plan?.backends.some(({ model }) => model === 'old') || undefined,
      'the end',
      5_000,
    );
    expect(await timeToBrake()).toBeLessThan(PROMISE_MS);
  });

  test('while nothing is heard of how another version is', async () => {
    let isDeaf = false;
    const { check } = context.runtime;
    await runRollout({
      runtime: {
        ...context.runtime,
        check: (model, handle) => (model === 'deaf' && isDeaf ? never : check(model, handle)),
      },
    });
    await begin('deaf', '1');
    await waitFor(
      async () => {
        serveAll(host.world);
        return context.store.getInstance('deaf', '1')?.state === 'ready' || undefined;
      },
      'a ready version',
      5_000,
    );
    isDeaf = true;
    expect(await timeToBrake()).toBeLessThan(PROMISE_MS);
  });
});

test('a lease that ends is seen while the proxy does not answer', async () => {
  let isSilent = false;
  const { counters } = context.proxy;
  await runRollout({ proxy: { ...context.proxy, counters: () => (isSilent ? never : counters()) } });
  isSilent = true;
  const stored = context.store.getTraffic('mnist');
  if (stored?.traffic.lease === undefined) throw new Error('no lease');
  const begun = performance.now();
  const lease = { ...stored.traffic.lease, leaseSeconds: 0.01 };
  context.store.putTraffic('mnist', { ...stored, traffic: { ...stored.traffic, lease } });
  await waitFor(async () => brake(), 'the brake', 30_000);
  expect(brake()).toBe('lease-expired');
  expect(performance.now() - begun).toBeLessThan(PROMISE_MS);
});

test('a candidate that ends is seen while another version’s server will not end', async () => {
  await runRollout({ runtime: { ...context.runtime, stop: () => never } });
  await begin('old', '1');
  await waitFor(async () => host.world.starts.some((owner) => owner.startsWith('old/')), 'a start', 5_000);
  agent.stopInstance('old', '1');
  const begun = performance.now();
  for (const owner of host.world.running.keys())
    if (owner.startsWith('mnist/2/')) host.world.running.delete(owner);
  await waitFor(async () => brake(), 'the brake', 30_000);
  expect(brake()).toBe('candidate-failed');
  expect(performance.now() - begun).toBeLessThan(PROMISE_MS);
});

test('what fails in one model’s traffic keeps no other’s from being braked', async () => {
  await runRollout();
  const { store } = context;
  const stored = store.getTraffic('mnist');
  if (stored === undefined) throw new Error('no traffic');
  await begin('broken', '1');
  store.putTraffic('broken', {
    ...stored,
    traffic: { ...stored.traffic, revision: 1 },
  });
  store.putMemory('counted/broken', { none: 'of it' });
  expect(await timeToBrake()).toBeLessThan(PROMISE_MS);
});

test('at rest one timer wakes the agent, for looks and for steps', async () => {
  const waits: number[] = [];
  const { clock } = context;
  const wait = (milliseconds: number, signal?: AbortSignal) => {
    waits.push(milliseconds);
    return clock.wait(milliseconds, signal);
  };
  let steps = 0;
  agent = {
    ...createAgent({ ...context, clock: { ...clock, wait } }),
    converge: async () => {
      steps += 1;
    },
  };
  loop = runLoop(agent, () => undefined, stop.signal);
  await waitFor(() => steps >= 4, 'four steps');
  expect(waits.filter((milliseconds) => milliseconds === 1_000 * TICK_SECONDS).length).toBeLessThanOrEqual(5);
});

test('steps begin at the tick, also while a look goes on', async () => {
  let steps = 0;
  const stuck = Promise.withResolvers<void>();
  agent = {
    ...createAgent(context),
    observeAndJudge: () => stuck.promise,
    converge: async () => {
      steps += 1;
    },
  };
  loop = runLoop(agent, () => undefined, stop.signal);
  await waitFor(() => steps >= 2, 'the step of the next tick');
  stuck.resolve();
});
