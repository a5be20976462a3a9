import { z } from 'zod';
import { secondsBetween } from '../../core/instant.ts';
import type { ArmCounts, Observation, ShadowComparison } from '../../core/rollout/evidence/observation.ts';
import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { type ClusterCounters, NO_COUNTERS } from '../envoy/cluster-counters.ts';
import { clusterName, shadowClusterName } from '../envoy/traffic-plan.ts';
import { captureFolder } from '../instances/launch.ts';
import type { Store } from '../store/store.ts';
import { countInvalid, countInvalidCopies, readCapture } from '../windows/read-capture.ts';
import { addSeen, type SeenOfRollout, seenSchema } from './seen.ts';
import { shareOut } from './share-out.ts';
import {
  beginReading,
  countSince,
  NO_COUNTS,
  type VersionLook,
  type VersionReading,
  versionReadingSchema,
} from './version-reading.ts';
import type { WeighUsers } from './weigh-users.ts';

/** The reading that the next observation of a model counts from. */
const readingSchema = z.object({
  at: z.string(),
  versions: z.record(z.string(), versionReadingSchema),
  /** Of copies that a version was sent. */
  copies: z.record(z.string(), versionReadingSchema).default({}),
  /** What was seen of both since the rollout began. */
  seen: seenSchema,
  /** A version could not answer when this was read, and the other got its share. */
  isOneAway: z.boolean().optional(),
});
type Reading = z.infer<typeof readingSchema>;

/** What is looked at: a model, the traffic it has, and what the proxy has counted by cluster. */
type Look = {
  readonly model: string;
  readonly traffic: Traffic;
  readonly counters: ReadonlyMap<string, ClusterCounters>;
};

/** What is known of the requests of this look beside their counts. */
type Insight = {
  readonly shadow: ShadowComparison | undefined;
  readonly weighUsers: WeighUsers;
};

/**
 * Takes what both versions of a model did since the last look and appends it as one observation, together with the reading it
 * was counted from: killed at any point, the next look counts the same requests once. What was answered while one of them was
 * away belongs to no rollout: its share went elsewhere. Throws where it can't be written; in this process it counts all the same.
 */
export function observe(
  context: AgentContext,
  { model, traffic, counters, shadow, weighUsers }: Look & Insight,
): void {
  const { store, options, clock } = context;
  const before = readLast(store, model);
  const taken = take(before, lookAt(context, { model, traffic, counters }));
  const at = clock.now();
  const isOneAway = isAway(context, model, traffic);
  const isCompared = traffic.brake === undefined && before?.isOneAway !== true && !isOneAway;
  const rollout = isCompared ? (traffic.lease?.rollout ?? '') : '';
  const countsOf = (version: string | undefined) => taken.versions.get(version ?? '')?.counts ?? NO_COUNTS;
  const [stable, candidate] = [countsOf(traffic.stable), countsOf(traffic.candidate)];
  const copies = tellCopies(traffic, taken);
  const users = rollout === '' ? undefined : weighUsers(model, rollout);
  const isWorthKeeping = rollout !== '' || stable.requests + candidate.requests > 0;
  const observation = before !== undefined &&
    isWorthKeeping && {
      host: options.hostName,
      at,
      seconds: secondsBetween(before.at, at),
      stage: traffic.lease?.stage ?? 0,
      weights: { candidate: traffic.candidatePercent },
      candidate,
      stable,
      ...(copies && { copies }),
      ...(users && { users }),
      ...(shadow && { shadow }),
    };
  const seen = addSeen(before?.seen, traffic.lease?.rollout ?? '', countsIn(taken.versions));
  const observations = [
    ...heldObservations(store, model),
    ...(observation ? [{ rollout, observation }] : []),
  ];
  keep(store, model, { observations, reading: toReading(taken, { at, seen, isOneAway }) });
}

/** What became of a model's requests since its rollout began on this host; `undefined` before the first look. */
export function readSeen({ store }: Pick<AgentContext, 'store'>, model: string): SeenOfRollout | undefined {
  return readLast(store, model)?.seen;
}

/** What was observed of a rollout and is not written, oldest first, numbered from `after` on: it will have other numbers once it is. */
export function unwrittenObservations(
  store: Store,
  { model, rollout, after }: { readonly model: string; readonly rollout: string; readonly after: number },
): readonly Observation[] {
  const own = heldObservations(store, model).filter((one) => one.rollout === rollout);
  return own.map(({ observation }, index) => ({
    ...observation,
    ...{ seq: after + index + 1, hostId: store.hostId },
  }));
}

/**
 * Lets the next observation count from here, for the versions of this traffic: for when the traffic is about to change. What is
 * known of a version and not counted yet stays to be counted.
 */
export function rebase(context: AgentContext, look: Look): void {
  const { store, clock } = context;
  const { model, traffic } = look;
  const before = readLast(store, model);
  const taken = take(before, lookAt(context, look));
  const isOneAway = isAway(context, model, traffic);
  const seen = before?.seen ?? addSeen(undefined, traffic.lease?.rollout ?? '', new Map());
  const reading = toReading(taken, { at: clock.now(), seen, isOneAway });
  write(store, model, { observations: heldObservations(store, model), reading });
}

type Kept = Pick<NonNullable<ReturnType<Store['heldCounts']>>, 'observations'> & {
  readonly reading: Reading;
};

/** All of it or nothing; what can't be written is held. */
function keep(store: Store, model: string, kept: Kept): void {
  const from = readWritten(store, model)?.at;
  try {
    store.transaction(() => write(store, model, kept));
  } catch (thrown) {
    store.holdCounts(model, { from, ...kept });
    throw thrown;
  }
  store.holdCounts(model, undefined);
}

function write(store: Store, model: string, { observations, reading }: Kept): void {
  for (const { rollout, observation } of observations) store.addObservation(model, rollout, observation);
  store.putMemory(keyOf(model), reading, readingSchema);
}

function readLast(store: Store, model: string): Reading | undefined {
  const held = findHeld(store, model);
  return held === undefined ? readWritten(store, model) : readingSchema.parse(held.reading);
}

/** What is held, unless something newer was written than it goes on from: that has all of it. */
function findHeld(store: Store, model: string): ReturnType<Store['heldCounts']> {
  const held = store.heldCounts(model);
  return held !== undefined && held.from === readWritten(store, model)?.at ? held : undefined;
}

/** None are, while all that was counted is written. */
function heldObservations(store: Store, model: string): Kept['observations'] {
  return findHeld(store, model)?.observations ?? [];
}

function readWritten(store: Store, model: string): Reading | undefined {
  return store.getMemory(keyOf(model), readingSchema);
}

function keyOf(model: string): string {
  return `counted/${model}`;
}

/** By version: what there is of requests, and of copies of requests, which a candidate alone is sent. */
type Sides<T> = { readonly versions: ReadonlyMap<string, T>; readonly copies: ReadonlyMap<string, T> };

function lookAt(
  { options }: AgentContext,
  { model, traffic: { stable, candidate }, counters }: Look,
): Sides<VersionLook> {
  const versions = new Map<string, VersionLook>();
  const copies = new Map<string, VersionLook>();
  for (const version of [stable, candidate]) {
    if (version === undefined) continue;
    const capture = readCapture(captureFolder(options.dataDir, model, version));
    const countersOf = (cluster: string) => counters.get(cluster) ?? NO_COUNTERS;
    versions.set(version, {
      counters: countersOf(clusterName(model, version)),
      invalid: countInvalid(capture),
    });
    if (version !== candidate) continue;
    copies.set(version, {
      counters: countersOf(shadowClusterName(model, version)),
      invalid: countInvalidCopies(capture),
    });
  }
  return { versions, copies };
}

/** While requests are copied, and as long after as copies are open. */
function tellCopies(
  { candidate = '', shadow }: Traffic,
  { copies }: Sides<Counted>,
): Observation['copies'] | undefined {
  const taken = copies.get(candidate);
  if (taken === undefined) return undefined;
  const [ended, open] = [taken.counts, taken.reading.counters.active];
  return shadow || ended.requests > 0 || open > 0 ? { ended, open } : undefined;
}

function isAway({ store }: AgentContext, model: string, traffic: Traffic): boolean {
  const { candidate } = traffic;
  const isCandidateAway = candidate !== undefined && store.getInstance(model, candidate)?.state !== 'ready';
  const shares = shareOut(store.instances(), model, traffic);
  return isCandidateAway || shares.some(({ wanted, given }) => wanted > 0 && given === 0);
}

type Counted = ReturnType<typeof countSince>;

function take(before: Reading | undefined, looks: Sides<VersionLook>): Sides<Counted> {
  const each = (side: keyof Sides<Counted>) =>
    new Map([...looks[side]].map(([version, look]) => [version, count(before?.[side][version], look)]));
  return { versions: each('versions'), copies: each('copies') };
}

/** A version first seen in this reading counts from here on: what it did before belonged to no interval of this model. */
function count(before: VersionReading | undefined, look: VersionLook): Counted {
  return before === undefined ? { counts: NO_COUNTS, reading: beginReading(look) } : countSince(before, look);
}

function countsIn(taken: ReadonlyMap<string, Counted>): ReadonlyMap<string, ArmCounts> {
  return new Map([...taken].map(([version, { counts }]) => [version, counts]));
}

function toReading(
  taken: Sides<Counted>,
  { at, seen, isOneAway }: { readonly at: string; readonly seen: SeenOfRollout; readonly isOneAway: boolean },
): Reading {
  const each = (side: keyof Sides<Counted>) =>
    Object.fromEntries([...taken[side]].map(([version, { reading }]) => [version, reading]));
  return { at, versions: each('versions'), copies: each('copies'), seen, ...(isOneAway && { isOneAway }) };
}
