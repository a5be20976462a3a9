import { afterEach, beforeEach } from 'vitest';
import { type Agent, createAgent } from '../../../agent/agent.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { SetTraffic, Traffic } from '../../../core/serving/api.ts';
import { leaseOf } from './deploy.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './fake-context.ts';

export const MODEL = 'mnist';
export const ALL_STABLE: SetTraffic = { stable: '1', candidatePercent: 0, shadow: false };

/** A host in memory whose version 1 has all traffic, with version 2 ready beside it, anew for each test. */
type CanaryHost = {
  readonly host: FakeHost;
  readonly agent: Agent;
  /** Begins anew on what is stored, as after a kill. */
  readonly restartAgent: () => void;
  readonly traffic: () => Traffic | undefined;
  readonly observations: (rollout?: string) => readonly Observation[];
  /** A canary at half of the traffic under this rollout. */
  readonly canary: (rollout: string, leaseSeconds?: number) => SetTraffic;
  readonly startCanary: (rollout?: string, leaseSeconds?: number) => Promise<void>;
  /** Both versions have answered so many requests in all, the candidate so many of them badly; 5 s pass. */
  readonly poll: (requests: number, candidateErrors?: number, stableErrors?: number) => Promise<void>;
};

/** Opens such a host before each test of the file, and closes it after. */
export function useCanaryHost(): CanaryHost {
  let opened: Pick<CanaryHost, 'host' | 'agent'> | undefined;
  const now = () => {
    if (opened === undefined) throw new Error('there is a host within a test only');
    return opened;
  };
  const traffic = () => now().host.context.store.getTraffic(MODEL)?.traffic;
  const canary: CanaryHost['canary'] = (rollout, leaseSeconds = 60) => {
    const at = new Date(now().host.world.now).toISOString();
    const lease = { ...leaseOf(rollout, leaseSeconds), rolloutStartedAt: at, stageStartedAt: at };
    return { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease };
  };
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => now().host.close());
  return {
    get host() {
      return now().host;
    },
    get agent() {
      return now().agent;
    },
    restartAgent: () => {
      const { host } = now();
      opened = { host, agent: createAgent(host.context) };
    },
    traffic,
    observations: (rollout) => now().host.context.store.observations(MODEL, rollout, 0),
    canary,
    startCanary: async (rollout = 'r1', leaseSeconds = 60) => {
      await now().agent.setTraffic(MODEL, canary(rollout, leaseSeconds), traffic()?.revision);
    },
    poll: async (requests, candidateErrors = 0, stableErrors = 0) => {
      const { world } = now().host;
      world.now += 5_000;
      world.counters.set(`${MODEL}@1`, counted(requests, stableErrors));
      world.counters.set(`${MODEL}@2`, counted(requests, candidateErrors));
      await now().agent.observeAndJudge();
    },
  };
}

async function open(): Promise<Pick<CanaryHost, 'host' | 'agent'>> {
  const host = openFakeHost({ repository: 'acme/models' });
  const agent = createAgent(host.context);
  for (const version of ['1', '2']) {
    await agent.startInstance(MODEL, version, { manifest: await storePackage(host.context, version) });
  }
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  await agent.setTraffic(MODEL, ALL_STABLE, undefined);
  return { host, agent };
}
