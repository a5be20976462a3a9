import { z } from 'zod';
import { secondsBetween } from '../../core/instant.ts';
import type { ArmCounts, ShadowComparison } from '../../core/rollout/evidence/observation.ts';
import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { type ClusterCounters, NO_COUNTERS } from '../envoy/cluster-counters.ts';
import { clusterName } from '../envoy/traffic-plan.ts';
import { captureFolder } from '../instances/launch.ts';
import { countInvalid, readCapture } from '../windows/read-capture.ts';
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
 * away belongs to no rollout: its share went elsewhere.
 */
export function observe(
  context: AgentContext,
  { model, traffic, counters, shadow, weighUsers }: Look & Insight,
): void {
  const { store, options, clock } = context;
  const before = store.getMemory(keyOf(model), readingSchema);
  const looks = lookAt(context, { model, traffic, counters });
  const at = clock.now();
  const isOneAway = isAway(context, model, traffic);
  const isCompared = traffic.brake === undefined && before?.isOneAway !== true && !isOneAway;
  const rollout = isCompared ? (traffic.lease?.rollout ?? '') : '';
  const taken = new Map(
    [...looks].map(([version, look]) => [version, count(before?.versions[version], look)]),
  );
  const countsOf = (version: string | undefined) => taken.get(version ?? '')?.counts ?? NO_COUNTS;
  const [stable, candidate] = [countsOf(traffic.stable), countsOf(traffic.candidate)];
  const users = rollout === '' ? undefined : weighUsers(model, rollout);
  const isWorthKeeping = rollout !== '' || stable.requests + candidate.requests > 0;
  store.transaction(() => {
    if (before !== undefined && isWorthKeeping) {
      store.addObservation(model, rollout, {
        host: options.hostName,
        at,
        seconds: secondsBetween(before.at, at),
        stage: traffic.lease?.stage ?? 0,
        weights: { candidate: traffic.candidatePercent },
        candidate,
        stable,
        ...(users && { users }),
        ...(shadow && { shadow }),
      });
    }
    const seen = addSeen(before?.seen, traffic.lease?.rollout ?? '', countsIn(taken));
    store.putMemory(keyOf(model), toReading(taken, { at, seen, isOneAway }));
  });
}

/** What became of a model's requests since its rollout began on this host; `undefined` before the first look. */
export function readSeen({ store }: Pick<AgentContext, 'store'>, model: string): SeenOfRollout | undefined {
  return store.getMemory(keyOf(model), readingSchema)?.seen;
}

/**
 * Lets the next observation count from here, for the versions of this traffic: for when the traffic is about to change. What is
 * known of a version and not counted yet stays to be counted.
 */
export function rebase(context: AgentContext, look: Look): void {
  const { store, clock } = context;
  const { model, traffic } = look;
  const before = store.getMemory(keyOf(model), readingSchema);
  const taken = new Map(
    [...lookAt(context, look)].map(([version, seen]) => [version, count(before?.versions[version], seen)]),
  );
  const isOneAway = isAway(context, model, traffic);
  const seen = before?.seen ?? addSeen(undefined, traffic.lease?.rollout ?? '', new Map());
  store.putMemory(keyOf(model), toReading(taken, { at: clock.now(), seen, isOneAway }));
}

function keyOf(model: string): string {
  return `counted/${model}`;
}

function lookAt(
  { options }: AgentContext,
  { model, traffic: { stable, candidate }, counters }: Look,
): ReadonlyMap<string, VersionLook> {
  const versions = [stable, candidate].filter((version) => version !== undefined);
  return new Map(
    versions.map((version) => [
      version,
      {
        counters: counters.get(clusterName(model, version)) ?? NO_COUNTERS,
        invalid: countInvalid(readCapture(captureFolder(options.dataDir, model, version))),
      },
    ]),
  );
}

function isAway({ store }: AgentContext, model: string, traffic: Traffic): boolean {
  const { candidate } = traffic;
  const isCandidateAway = candidate !== undefined && store.getInstance(model, candidate)?.state !== 'ready';
  const shares = shareOut(store.instances(), model, traffic);
  return isCandidateAway || shares.some(({ wanted, given }) => wanted > 0 && given === 0);
}

type Counted = ReturnType<typeof countSince>;

/** A version first seen in this reading counts from here on: what it did before belonged to no interval of this model. */
function count(before: VersionReading | undefined, look: VersionLook): Counted {
  return before === undefined ? { counts: NO_COUNTS, reading: beginReading(look) } : countSince(before, look);
}

function countsIn(taken: ReadonlyMap<string, Counted>): ReadonlyMap<string, ArmCounts> {
  return new Map([...taken].map(([version, { counts }]) => [version, counts]));
}

function toReading(
  taken: ReadonlyMap<string, Counted>,
  { at, seen, isOneAway }: { readonly at: string; readonly seen: SeenOfRollout; readonly isOneAway: boolean },
): Reading {
  const versions = Object.fromEntries([...taken].map(([version, { reading }]) => [version, reading]));
  return { at, versions, seen, ...(isOneAway && { isOneAway }) };
}
