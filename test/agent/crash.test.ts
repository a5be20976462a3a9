import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import type { AgentContext } from '../../agent/context.ts';
import { leaseOf } from './support/deploy.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';

/** The end of the process, as seen from inside: nothing after it happens. */
class Killed extends Error {}

/** The same surroundings, in which the process dies at the n-th effect: before it, or after it and before its record. */
function mortal(context: AgentContext, killAt: number, isAfter: boolean): AgentContext {
  let effects = 0;
  let isDead = false;
  const effect = <A extends unknown[], R>(act: (...args: A) => R) => {
    return (...args: A): R => {
      if (isDead) throw new Killed();
      const isLast = ++effects === killAt;
      if (isLast && !isAfter) isDead = true;
      if (isDead) throw new Killed();
      const result = act(...args);
      if (isLast) {
        isDead = true;
        throw new Killed();
      }
      return result;
    };
  };
  const { store, runtime, proxy } = context;
  return {
    ...context,
    store: {
      ...store,
      putInstance: effect(store.putInstance),
      putTraffic: effect(store.putTraffic),
      holdTraffic: effect(store.holdTraffic),
      putMemory: effect(store.putMemory),
      addObservation: effect(store.addObservation),
    },
    runtime: {
      ...runtime,
      prepare: effect(runtime.prepare),
      start: effect(runtime.start),
      stop: effect(runtime.stop),
    },
    proxy: { ...proxy, apply: effect(proxy.apply) },
  };
}

/** What `deploy` does, repeated as a re-run would: every step looks first at what is there already. */
async function deploy(host: FakeHost, agent: Agent): Promise<void> {
  const { store } = agent.context;
  for (const version of ['1', '2']) {
    const manifest = await storePackage(host.context, version);
    await agent.startInstance(MODEL, version, { manifest });
    for (let step = 0; step < 6 && store.getInstance(MODEL, version)?.state !== 'ready'; step++) {
      await agent.converge();
      serveAll(host.world);
    }
  }
  const present = () => store.getTraffic(MODEL)?.traffic;
  if (present()?.stable === undefined) {
    await agent.setTraffic(MODEL, { stable: '1', candidatePercent: 0, shadow: false }, undefined);
  }
  if (present()?.candidate === undefined) {
    const at = host.context.clock.now();
    const lease = { ...leaseOf('r1'), rolloutStartedAt: at, stageStartedAt: at };
    const request = { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease };
    await agent.setTraffic(MODEL, request, present()?.revision);
  }
  host.world.now += 5_000;
  host.world.counters.set(`${MODEL}@1`, counted(300));
  host.world.counters.set(`${MODEL}@2`, counted(300, 150));
  await agent.observeAndJudge();
  host.world.now += 5_000;
  await agent.observeAndJudge();
  await agent.converge();
}

test('killed at any point and started again, a host ends in the same state', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 45 }), fc.boolean(), async (killAt, isAfter) => {
      const host = openFakeHost({ repository: 'acme/models' });
      try {
        await deploy(host, createAgent(mortal(host.context, killAt, isAfter))).catch(() => undefined);
        const context = host.reopen();
        await context.runtime.sweep(
          context.store.instances().flatMap(({ handle }) => (handle ? [handle] : [])),
        );
        await deploy(host, createAgent(context));
        expect(context.store.instances().map(({ version, state }) => [version, state])).toEqual([
          ['1', 'ready'],
          ['2', 'ready'],
        ]);
        expect(host.world.running.size).toBe(2);
        expect(context.store.getTraffic(MODEL)?.traffic).toMatchObject({
          stable: '1',
          candidate: '2',
          candidatePercent: 0,
          brake: { code: 'errors-worse' },
        });
        expect(host.world.plan?.splits[0]?.candidatePercent).toBe(0);
        const counts = context.store.observations(MODEL, undefined, 0);
        expect(counts.reduce((sum, { candidate }) => sum + candidate.requests, 0)).toBeLessThanOrEqual(300);
        expect(context.store.outbox.pending().count).toBe(1);
      } finally {
        host.close();
      }
    }),
    { numRuns: 40 },
  );
});
