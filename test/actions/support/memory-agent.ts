import { createHash } from 'node:crypto';
import type { LabelCount } from '../../../core/drift/labels/build-cohorts.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { ServiceError, UNREACHABLE } from '../../../core/errors.ts';
import type { AgentPort } from '../../../core/ports.ts';
import { err, ok } from '../../../core/result.ts';
import type { Observation } from '../../../core/rollout/evidence/observation.ts';
import type { Brake, Instance, SetTraffic, Traffic } from '../../../core/serving/api.ts';
import { standingBrakes } from '../../../core/serving/brakes/standing-brakes.ts';
import { addByHour, type HourCounts, listHours } from '../../../core/serving/hour-counts.ts';
import { VERSION } from '../../../core/version.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';
import type { ManualClock } from './manual-clock.ts';

/** How the candidate behaves on a host: its share of errors, of `requests` per tick that both versions get together. */
export type Behaviour = {
  requests: number;
  candidateErrors: number;
  stableErrors: number;
  /** Copies of requests are open for so many ticks. */
  copiesTakeTicks: number;
};

/** A serving host in memory: instances become ready at once unless told, and each tick of the clock is one observation. */
export type MemoryAgent = AgentPort & {
  readonly instances: Map<string, Instance>;
  traffic: Traffic | undefined;
  readonly trafficHistory: Traffic[];
  readonly behaviour: Behaviour;
  /** The reason code with which new instances fail. */
  failsWith: string | undefined;
  readonly blobs: Set<string>;
  /** What it calls itself, and the id that came with its database. */
  identity: { readonly host: string; readonly hostId: string };
  readonly seen: Observation[];
  /** Windows of what it was asked, and late labels it has joined with them. */
  captured: readonly CaptureWindow[];
  labelled: readonly LabelCount[];
  /** While it is not, every call fails as a host that is down or cut off does. */
  reachable: boolean;
};

const EDGES = [10, 20, 50, 100];

/** An agent at `url`, on the clock of the test. */
export function createMemoryAgent(url: string, clock: ManualClock): MemoryAgent {
  const whenReachable = () => {
    if (agent.reachable) return;
    throw new ServiceError({
      code: UNREACHABLE,
      message: 'The service could not be reached (EHOSTUNREACH).',
      remedy: 'Check that it is up.',
      where: { kind: 'endpoint', endpoint: url },
    });
  };
  const agent: MemoryAgent = {
    url,
    urgent: () => agent,
    isUp: async () => agent.reachable,
    instances: new Map(),
    traffic: undefined,
    trafficHistory: [],
    behaviour: { requests: 4_000, candidateErrors: 0, stableErrors: 0, copiesTakeTicks: 0 },
    failsWith: undefined,
    blobs: new Set(),
    identity: { host: url, hostId: hostIdOf(url) },
    seen: [],
    captured: [],
    labelled: [],
    reachable: true,
    state: async () => {
      whenReachable();
      return describe(agent, clock);
    },
    putBlob: async (digest) => {
      whenReachable();
      agent.blobs.add(digest);
    },
    startInstance: async (model, version, { manifest }) => {
      whenReachable();
      const failed =
        agent.failsWith === undefined ? {} : { code: agent.failsWith, message: 'it does not load' };
      const state = agent.failsWith === undefined ? ('ready' as const) : ('failed' as const);
      const instance = {
        model,
        version,
        package: `${model}@${manifest}`,
        state,
        since: clock.now(),
        ...failed,
      };
      agent.instances.set(version, instance);
      return instance;
    },
    getInstance: async (_model, version) => {
      whenReachable();
      return agent.instances.get(version);
    },
    stopInstance: async (_model, version) => {
      whenReachable();
      agent.instances.delete(version);
    },
    getTraffic: async () => {
      whenReachable();
      return agent.traffic;
    },
    setTraffic: async (_model, wanted, expected) => {
      whenReachable();
      if (agent.traffic?.revision !== expected) {
        return agent.traffic === undefined ? err({ ...wanted, revision: 0 }) : err(agent.traffic);
      }
      const braked = standingBrakes(agent.traffic, wanted);
      requireUnbraked(agent, wanted, braked);
      requireReady(agent, wanted);
      agent.traffic = {
        ...wanted,
        revision: (expected ?? 0) + 1,
        ...(braked.length > 0 && { braked: [...braked] }),
      };
      agent.trafficHistory.push(agent.traffic);
      return ok(agent.traffic);
    },
    observations: async (_model, _rollout, after) => {
      whenReachable();
      return agent.seen.filter(({ seq }) => seq > after);
    },
    observationsSince: async (_model, since, after) => {
      whenReachable();
      return agent.seen.filter(({ seq, at }) => seq > after && at >= since);
    },
    hours: async (_model, since) => {
      whenReachable();
      const hours = new Map<string, HourCounts>();
      addByHour(
        hours,
        agent.seen.filter(({ at }) => at >= since),
      );
      return listHours(hours);
    },
    windows: async () => {
      whenReachable();
      return agent.captured;
    },
    labels: async () => {
      whenReachable();
      return agent.labelled;
    },
  };
  clock.onTick(() => observe(agent, clock));
  return agent;
}

/** As the real agent: both versions must be ready, but for one that keeps what it has. */
function requireReady({ url, instances, traffic }: MemoryAgent, { stable, candidate }: SetTraffic): void {
  const wanted = [
    ...(stable === traffic?.stable ? [] : [stable]),
    ...(candidate === undefined ? [] : [candidate]),
  ];
  const missing = wanted.find((version) => instances.get(version)?.state !== 'ready');
  if (missing === undefined) return;
  throw new ServiceError({
    code: 'not-ready',
    message: `Version ${missing} is not ready on this host.`,
    remedy: 'Start it.',
    where: { kind: 'endpoint', endpoint: url },
  });
}

/** As the real agent: what was braked for harm gets no requests without a person's word. */
function requireUnbraked(
  { url }: MemoryAgent,
  { stable, candidate, candidatePercent }: SetTraffic,
  braked: readonly Brake[],
): void {
  const brake = braked.find(
    ({ version }) => version === stable || (version === candidate && candidatePercent > 0),
  );
  if (brake === undefined) return;
  throw new ServiceError({
    code: 'braked',
    message: `This host braked rollout ${brake.rollout} of version ${brake.version}: ${brake.explanation}`,
    remedy: 'Take it back.',
    where: { kind: 'endpoint', endpoint: url },
  });
}

function observe(agent: MemoryAgent, clock: ManualClock): void {
  const { traffic, behaviour } = agent;
  if (traffic?.lease === undefined) return;
  const share = traffic.candidatePercent / 100;
  const candidate = Math.round(behaviour.requests * share);
  agent.seen.push({
    ...agent.identity,
    at: clock.now(),
    seq: agent.seen.length + 1,
    seconds: 5,
    stage: traffic.lease.stage,
    weights: { candidate: traffic.candidatePercent },
    candidate: countsOf(candidate, behaviour.candidateErrors),
    ...copy(agent),
    stable: countsOf(behaviour.requests - candidate, behaviour.stableErrors),
    // Of copied requests, the candidate answers one in twenty otherwise.
    ...(traffic.shadow && { shadow: { pairs: 200, different: 10, unmatched: 0 } }),
  });
}

function copy({ seen, traffic, behaviour }: MemoryAgent): Pick<Observation, 'copies'> {
  if (traffic?.shadow !== true) return {};
  const { requests, candidateErrors, copiesTakeTicks } = behaviour;
  const ticks = seen.filter(({ copies }) => copies !== undefined).length + 1;
  const ended = countsOf(ticks > copiesTakeTicks ? requests : 0, candidateErrors);
  return { copies: { ended, open: requests * Math.min(ticks, copiesTakeTicks) } };
}

function countsOf(requests: number, errorShare: number): Observation['stable'] {
  const counts = [0, requests, 0, 0, 0];
  return {
    requests,
    errors: Math.round(requests * errorShare),
    unanswered: 0,
    refused: 0,
    invalid: 0,
    latency: { edges: EDGES, counts },
  };
}

function describe(agent: MemoryAgent, clock: ManualClock) {
  return {
    ...agent.identity,
    agentVersion: VERSION,
    startedAt: clock.now(),
    runtime: 'process' as const,
    instances: [...agent.instances.values()],
    traffic: agent.traffic === undefined ? {} : { mnist: agent.traffic },
    outbox: { pending: 0 },
    dataPlane: { address: '127.0.0.1:8080', healthy: true },
  };
}

/** A digest for tests, of any text. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
