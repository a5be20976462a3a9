import { toInstant } from '../../../core/instant.ts';
import { emptyLedger, environmentOf, type Rollout, secondsHeld } from '../../../core/ledger/state.ts';
import type { WorldHost } from '../host/host.ts';
import { BEGINNING_MS } from '../scheduler.ts';
import type { JobEnd, SimulatedWorld } from '../world.ts';
import { ENVIRONMENT, MODEL, TIMES } from '../world-config.ts';
import { type Bounds, DEADLINE_INVARIANTS, MOST_OBSERVATIONS, STORE_INVARIANTS } from './bound-invariants.ts';
import type { Invariant } from './invariant.ts';
import { JOB_INVARIANTS } from './job-invariants.ts';
import { type HostView, LEDGER_INVARIANTS, type Writing } from './ledger-invariants.ts';
import { SERVING_INVARIANTS } from './serving-invariants.ts';
import { createServingWatch } from './serving-watch.ts';

/** An invariant that was broken, when (ms since the world began), and how. */
export type Violation = { readonly invariant: string; readonly at: number; readonly breach: string };

/** Looks at the world after every step. */
type Watch = {
  readonly look: () => Violation | undefined;
  /** What is looked at once, when all is over. */
  readonly atEnd: () => Violation | undefined;
};

/**
 * The deadline and its hold, in s; and where every job and every report of it was lost, the next run of the monitor, with the jobs of
 * that and of the end that it asks for.
 */
const LONGEST_ROLLOUT = 1.25 * TIMES.deadline + TIMES.monitorEvery + 60;
/** A dispatch that is late comes so much later, in ms. */
const LATEST_DISPATCH_MS = 90_000;
/** A deadline is no matter of moments. */
const OPEN_EVERY_MS = 5_000;
/**
 * The share of its requests that a version has to fail until both stages together can't miss it, at the world's 60 requests each: of three
 * tenths a tenth of the traffic proves 41 nats on average, give or take 8, and 31 are asked for; of a half it proves 66, give or take 9.
 */
const HARMFUL_SHARE = 0.5;
/**
 * The share of its requests that a candidate has to refuse until the world's 60 of a stage prove it, whatever chance does: they have to be
 * worth the 31 nats that `PROOF_NATS` speaks of, five standard deviations below their mean. Beside a tenth that clients wrote wrongly that
 * takes 0.8 (86 nats, less 5 times 11), and a half where they write none.
 */
const REFUSING_SHARE = { amongMalformed: 0.8, alone: 0.5 } as const;

/** A watch over this world. */
export function createWatch(world: SimulatedWorld): Watch {
  const serving = createServingWatch(world);
  let headsSeen = 0;
  let openSeenAt = 0;
  let found: Violation | undefined;
  const judge = <S>(invariants: readonly Invariant<S>[], situation: S): void => {
    for (const { name, breach } of invariants) {
      if (found !== undefined) return;
      const broken = breach(situation);
      if (broken !== undefined) found = { invariant: name, at: world.time.elapsed(), breach: broken };
    }
  };
  const look = () => {
    for (; headsSeen < world.heads.length; headsSeen += 1)
      judge(LEDGER_INVARIANTS, writingOf(world, headsSeen));
    for (const job of world.ended.splice(0)) {
      const before = world.heads.findLastIndex(({ at }) => at < job.startedAt);
      const states = world.heads.slice(Math.max(0, before)).map(({ state }) => state);
      judge(JOB_INVARIANTS, { job, states, raised: raisedBy(world, job) });
    }
    for (const host of serving.look()) judge(SERVING_INVARIANTS, host);
    if (world.time.elapsed() - openSeenAt > OPEN_EVERY_MS) {
      openSeenAt = world.time.elapsed();
      judgeOpen(world, (openness) => judge(DEADLINE_INVARIANTS, openness));
    }
    return found;
  };
  return {
    look,
    atEnd: () => {
      for (const bounds of boundsOf(world)) judge(STORE_INVARIANTS, bounds);
      return found;
    },
  };
}

/** The last rollout that this job gave traffic to. */
function raisedBy({ heads }: SimulatedWorld, { job }: JobEnd): string | undefined {
  const written = heads.flatMap(({ by, events }, index) =>
    by === job ? events.slice(heads[index - 1]?.events.length ?? 0) : [],
  );
  const raised = written.findLast(({ kind }) => kind === 'rollout.advanced');
  return raised?.kind === 'rollout.advanced' ? raised.data.rollout : undefined;
}

function judgeOpen(
  world: SimulatedWorld,
  judge: (openness: { readonly rollout: string; readonly seconds: number; readonly bound: number }) => void,
): void {
  const open = openOf(world);
  if (open === undefined) return;
  const now = toInstant(world.time.now());
  const seconds = (world.time.now() - Date.parse(open.startedAt)) / 1_000 - secondsHeld(open, now);
  judge({ rollout: open.id, seconds, bound: LONGEST_ROLLOUT + outagesOf(world) });
}

/** How long nobody could act, in s: GitHub, or the ledger, was away, what was asked for did not come, or people were asked. */
function outagesOf({ git, github, setup }: SimulatedWorld): number {
  const { downUntil, goneUntil } = git.faults;
  const lostUntil = github.dispatches === undefined ? 0 : github.dispatches.until + LATEST_DISPATCH_MS;
  const until = Math.max(downUntil, goneUntil, github.downUntil, github.rateLimitedUntil, lostUntil);
  return until / 1_000 + 2 * setup.approvalSeconds;
}

function openOf({ heads }: SimulatedWorld): Rollout | undefined {
  const state = heads.at(-1)?.state;
  return state && environmentOf(state, ENVIRONMENT).rollout;
}

function mayRemember(host: WorldHost): boolean {
  const store = host.store();
  return store === undefined || store.getTraffic(MODEL)?.traffic.ledger !== undefined;
}

function writingOf(world: SimulatedWorld, index: number): Writing {
  const { heads, setup, commands, behaviours } = world;
  const [before, now] = [heads[index - 1], heads[index]];
  const events = now?.events ?? [];
  const known = before?.events ?? [];
  return {
    before: known,
    stateBefore: before?.state ?? emptyLedger(MODEL),
    now: events,
    written: events.slice(known.length),
    hosts: world.hosts.map((host) => viewOf(host)),
    isRemembered: world.hosts.some((host) => mayRemember(host)),
    maxUnavailable: setup.maxUnavailable,
    commands: commands.map(({ at, text }) => ({ at: toInstant(BEGINNING_MS + at), text })),
    isHarmful: (version) => {
      const born = setup.versions[version];
      if (JSON.stringify(born) === JSON.stringify(Object.values(setup.versions)[0])) return false;
      const { failing = 0, hanging = 0, refusing = 0, invalid = 0 } = born ?? {};
      const { amongMalformed, alone } = REFUSING_SHARE;
      const isRefusing = refusing >= (setup.malformed > 0 ? amongMalformed : alone);
      return failing + hanging + invalid >= HARMFUL_SHARE || isRefusing;
    },
    isEqual: (version) => {
      const [champion] = Object.keys(setup.versions);
      const [left, right] = [behaviours.get(version), behaviours.get(champion ?? '')];
      return world.isUndisturbed && JSON.stringify(left) === JSON.stringify(right);
    },
  };
}

function viewOf(host: SimulatedWorld['hosts'][number]): HostView {
  const stored = host.store()?.getTraffic(MODEL);
  const traffic = stored?.traffic;
  const brake = traffic?.brake;
  // By the agent's own clock: it does not follow every jump of the machine's.
  const now = host.running()?.agent.context.clock.now();
  const agoMs = (at: string) => (now === undefined ? 0 : Date.parse(now) - Date.parse(at));
  const isCut = host.is('partitionedUntil') || host.is('answersLostUntil') || host.is('badGatewayUntil');
  const harm = brake === undefined || brake.code === 'lease-expired' ? undefined : brake;
  return {
    url: host.url,
    isInReach: host.running() !== undefined && !isCut && !host.is('slowUntil'),
    rolloutOnHost: traffic?.lease?.rollout,
    downForMs: host.downForMs(),
    isUnseen: host.isUnseen(),
    told: { over: stored?.over ?? [], forMs: stored === undefined ? 0 : agoMs(stored.setAt) },
    stable: traffic?.stable,
    brake: harm && { rollout: harm.rollout, forMs: agoMs(harm.at) },
  };
}

function boundsOf({ hosts }: SimulatedWorld): readonly Bounds[] {
  return hosts.flatMap((host) => {
    const store = host.store();
    if (store === undefined) return [];
    const observations = store.observations(MODEL, undefined, MOST_OBSERVATIONS).length;
    return [{ url: host.url, outbox: store.outbox.pending().count, observations, packages: host.packages() }];
  });
}
