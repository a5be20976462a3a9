import { type EnvironmentState, environmentOf, type Rollout } from '../../../core/ledger/state.ts';
import { refusedAloneLimit } from '../../../core/rollout/evidence/refused-alone.ts';
import { LEASES_TO_RETURN } from '../../../core/serving/decide-traffic.ts';
import type { WorldHost } from '../host/host.ts';
import { servesKnowably } from '../host/model-servers.ts';
import type { SimulatedWorld } from '../world.ts';
import { ENVIRONMENT, MODEL, TIMES } from '../world-config.ts';
import {
  addHarm,
  addLateHarm,
  borneBeside,
  countRefused,
  type HarmSum,
  provenHarm,
  startHarm,
} from './harm-sum.ts';
import type { HostServing } from './serving-invariants.ts';

/** What has been summed of one host so far. */
type Sums = {
  downMs: number;
  /** A version would have answered at the last look: what was asked since could have been. */
  couldAnswer: boolean;
  takenBackMs: number;
  takenBack: string | undefined;
  harm: HarmSum;
  lateHarm: HarmSum;
  refusedAlone: HarmSum;
  /** Since when its agent has run, for how long in all since it had last looked for certain, and when that was. */
  runsSinceMs: number;
  ranMs: number;
  lookedUntilMs: number;
  /** When its last brake was, empty where it has none. */
  braked: string;
  /** Requests that the stable version of a rollout got beside the candidate. */
  seen: { readonly rollout: string; readonly requests: number };
};

/** Sums what hosts do with requests. */
type ServingWatch = { readonly look: () => readonly HostServing[] };

const NO_HARM: Pick<Sums, 'harm' | 'lateHarm' | 'refusedAlone' | 'seen'> = {
  harm: startHarm(''),
  lateHarm: startHarm(''),
  refusedAlone: startHarm(''),
  seen: { rollout: '', requests: 0 },
};

/** An agent that has started again gives back, at its first look, what its leases no longer allow; it may miss one. */
const FIRST_LOOK_MS = 2_000 * TIMES.tick;
/** One that is killed again and again has had that look, too, once it has run so often in all. */
const LOOKS_IN_PIECES = 3;

/** monitor-check sees to a host that no lease brings back. */
const REPAIR_MS = 1_000 * (2 * TIMES.monitorEvery + 60);

/** A watch over the hosts of a world. */
export function createServingWatch(world: SimulatedWorld): ServingWatch {
  const sums: Sums[] = world.hosts.map(() => ({
    ...{ downMs: 0, couldAnswer: false, takenBackMs: 0, takenBack: undefined, ...NO_HARM, braked: '' },
    ...{ runsSinceMs: 0, ranMs: 0, lookedUntilMs: 0 },
  }));
  return {
    look: () => {
      if (world.served.length === 0) return [];
      const touched = new Set<number>();
      for (const served of world.served.splice(0)) {
        const [host, sum] = [world.hosts[served.host], sums[served.host]];
        if (host === undefined || sum === undefined) continue;
        touched.add(served.host);
        add(world, { host, sum, served });
      }
      return [...touched].flatMap((index) => {
        const [host, sum] = [world.hosts[index], sums[index]];
        if (host === undefined || sum === undefined) return [];
        sum.couldAnswer = hasHealthy(world, host);
        return [describe(world, host, sum)];
      });
    },
  };
}

type Look = {
  readonly host: WorldHost;
  readonly sum: Sums;
  readonly served: SimulatedWorld['served'][number];
};

function add(world: SimulatedWorld, { host, sum, served }: Look): void {
  const here = hereOf(world);
  const { version, requests, broken, from, to, canAct } = served;
  noteLook(sum, served);
  const champion = here?.champion?.version;
  // What a candidate does with all requests is judged by a limit that is made from the stable version, and is `harm-is-braked`.
  const isAlone = version !== undefined && version === here?.rollout?.version && percentOf(host) === 100;
  const isDown = broken > requests / 2 && version !== champion && !isAlone;
  if (isDown && canAct && sum.couldAnswer && hasHealthy(world, host)) sum.downMs += to - from;
  else if (broken <= requests / 2) sum.downMs = 0;
  const isBack = version !== undefined && isTakenBack(here, version);
  if (isBack && requests > 0) {
    sum.takenBack = version;
    if (canAct && canBeTold(host) && canServe(world, host, champion)) sum.takenBackMs += to - from;
  } else if (version === sum.takenBack) {
    sum.takenBack = undefined;
    sum.takenBackMs = 0;
  }
  if (!canAct) return;
  if (version === here?.rollout?.version) countHarm(world, here?.rollout, { host, sum, served });
  if (version !== undefined && version === here?.rollout?.stable) {
    const { id } = here.rollout;
    const { rollout, requests: before } = sum.seen;
    sum.seen = { rollout: id, requests: requests + (rollout === id ? before : 0) };
  }
}

/** When an agent has had its look for certain: what its leases no longer allow is given back by then. */
function noteLook(sum: Sums, { from, to, agentRan }: Look['served']): void {
  if (!agentRan) {
    sum.runsSinceMs = to;
    return;
  }
  // Some lines tell of the same stretch of time: each is counted, which asks sooner, never later.
  sum.ranMs += to - from;
  const hasLooked = to - sum.runsSinceMs > FIRST_LOOK_MS || sum.ranMs > LOOKS_IN_PIECES * FIRST_LOOK_MS;
  if (!hasLooked) return;
  sum.lookedUntilMs = to;
  sum.ranMs = 0;
}

/** Failures count against a candidate while the stable version could have answered: there is nothing to take it back to otherwise. */
function countHarm(
  { behaviours, setup }: SimulatedWorld,
  open: Rollout | undefined,
  { host, sum, served }: Look,
): void {
  const { stable = '' } = open ?? {};
  const beside = behaviours.get(stable);
  if (open === undefined || beside === undefined) return;
  const percent = percentOf(host);
  const stage = `${open.id} at ${percent} %`;
  if (sum.harm.stage !== stage) {
    const none = startHarm(stage);
    Object.assign(sum, { harm: none, lateHarm: none, refusedAlone: none });
  }
  if (!servesKnowably(host.servers.ofVersion(stable), served.from)) return;
  if (percent < 100) {
    sum.harm = addHarm(sum.harm, served, borneBeside(beside, false));
    return;
  }
  const borne = borneBeside(beside, true);
  sum.harm = addHarm(sum.harm, { ...served, failed: served.broken }, borne);
  sum.lateHarm = addLateHarm(sum.lateHarm, served, borne);
  const seen = sum.seen.rollout === open.id ? sum.seen.requests : 0;
  const refused = seen * Math.min(1, beside.refusing + setup.malformed);
  sum.refusedAlone = addHarm(
    sum.refusedAlone,
    countRefused(served),
    refusedAloneLimit({ requests: seen, refused }),
  );
}

/** The share of requests that its agent gives the candidate. */
function percentOf(host: WorldHost): number {
  return host.store()?.getTraffic(MODEL)?.traffic.candidatePercent ?? 0;
}

/** What came before a brake was answered by it, and an agent on an empty disk knows nothing of what came before. */
function forgetAnswered({ store }: WorldHost, sum: Sums): void {
  const stored = store();
  if (stored === undefined) return;
  const traffic = stored.getTraffic(MODEL)?.traffic;
  const braked = traffic?.brake?.at ?? '';
  const isBrake = braked !== '' && braked !== sum.braked;
  sum.braked = braked;
  if (isBrake || traffic === undefined) Object.assign(sum, NO_HARM);
}

type Share = { readonly candidate: string; readonly rollout: string; readonly sinceMs: number };

function describe(world: SimulatedWorld, host: WorldHost, sum: Sums): HostServing {
  forgetAnswered(host, sum);
  const open = hereOf(world)?.rollout;
  const traffic = host.store()?.getTraffic(MODEL)?.traffic;
  const leaseMs = 1_000 * (traffic?.lease?.leaseSeconds ?? TIMES.lease) * LEASES_TO_RETURN;
  // So long may a host that nobody reaches still do what it was told before.
  const latelyMs = leaseMs + FIRST_LOOK_MS;
  // A share of the requests is one only where a server takes them: a host that can start none gives nobody any.
  const isUp = host.servers.ofVersion(traffic?.candidate ?? '')?.state === 'serving';
  const percent = isUp ? (traffic?.candidatePercent ?? 0) : 0;
  return {
    url: host.url,
    downMs: sum.downMs,
    takenBack:
      sum.takenBack === undefined
        ? undefined
        : {
            version: sum.takenBack,
            forMs: sum.takenBackMs,
            boundMs: Math.max(latelyMs, traffic?.candidate === undefined ? REPAIR_MS : 0),
          },
    harm: open && { version: open.version, ...provenHarm(sum.harm) },
    lateHarm: open && { version: open.version, ...provenHarm(sum.lateHarm) },
    refusedAlone: open && { version: open.version, ...provenHarm(sum.refusedAlone) },
    candidate:
      traffic?.candidate === undefined || traffic.lease === undefined
        ? undefined
        : {
            version: traffic.candidate,
            percent,
            allowed: allowedOf(world, {
              ...{ candidate: traffic.candidate, rollout: traffic.lease.rollout },
              // A host whose stable version can't answer keeps what it has until that can: no answer would be worse.
              sinceMs: canServe(world, host, traffic.stable) ? sum.lookedUntilMs - latelyMs : 0,
            }),
          },
  };
}

/**
 * Whether anything can have a host return: its own lease or, where it has none since it gives everything to a version that was the champion,
 * whoever reaches it. One that is cut off then serves on what it was told last.
 */
function canBeTold(host: WorldHost): boolean {
  if (host.store()?.getTraffic(MODEL)?.traffic.lease !== undefined) return true;
  return !(host.is('partitionedUntil') || host.is('answersLostUntil') || host.is('badGatewayUntil'));
}

/**
 * Whether the champion answers on a host, or could be started there. Where it needs the place that another version has, the host serves on
 * what it served: any answer is better than none, and people are told of it (`version-differs`).
 */
function canServe({ behaviours }: SimulatedWorld, { servers }: WorldHost, champion = ''): boolean {
  return servers.ofVersion(champion)?.state === 'serving' || behaviours.get(champion)?.loadsOnce !== true;
}

/** Whether a version that has a share of the traffic, or all of it, would answer on this host, as its agent could know. */
function hasHealthy({ behaviours, time }: SimulatedWorld, host: WorldHost): boolean {
  const traffic = host.store()?.getTraffic(MODEL)?.traffic;
  const share = [traffic?.stable, traffic?.candidatePercent === 0 ? undefined : traffic?.candidate];
  return share.some((version = '') => {
    const { failing = 1, hanging = 1, invalid = 1 } = behaviours.get(version) ?? {};
    const serves = servesKnowably(host.servers.ofVersion(version), time.elapsed());
    return serves && failing + hanging + invalid < 0.1;
  });
}

function hereOf({ heads }: SimulatedWorld): EnvironmentState | undefined {
  const state = heads.at(-1)?.state;
  return state && environmentOf(state, ENVIRONMENT);
}

/** A version whose last word in the ledger is that it was taken back. */
function isTakenBack(here: EnvironmentState | undefined, version: string): boolean {
  if (here === undefined) return false;
  const { champion, rollout, history } = here;
  if (champion?.version === version || rollout?.version === version || rollout?.stable === version)
    return false;
  return history.findLast((ended) => ended.version === version)?.outcome === 'rolled-back';
}

/** The largest share that the ledger has given the candidate of a rollout since an instant of the world, in ms: all, to the champion. */
function allowedOf({ heads }: SimulatedWorld, { candidate, rollout, sinceMs }: Share): number {
  let allowed = 0;
  for (let index = heads.length - 1; index >= 0; index -= 1) {
    const head = heads[index];
    if (head === undefined) break;
    const { rollout: open, champion } = environmentOf(head.state, ENVIRONMENT);
    if (champion?.version === candidate) return 100;
    if (open?.id === rollout) allowed = Math.max(allowed, open.percent);
    if (head.at < sinceMs) break;
  }
  return allowed;
}
