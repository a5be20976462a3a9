import { z } from 'zod';
import { secondsBetween } from '../../core/instant.ts';
import type { ArmCounts, ShadowComparison } from '../../core/rollout/evidence/observation.ts';
import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { type ClusterCounters, NO_COUNTERS, subtractCounters } from '../envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../envoy/latency-edges.ts';
import { clusterName } from '../envoy/traffic-plan.ts';
import { captureFolder } from '../instances/launch.ts';
import { readCapture, sumInvalid } from '../windows/read-capture.ts';

const countersSchema = z.object({
  requests: z.number(),
  errors: z.number(),
  timeouts: z.number(),
  refused: z.number(),
  active: z.number(),
  latency: z.array(z.number()).readonly(),
});
/** The reading that the next observation of a model counts from. */
const readingSchema = z.object({
  at: z.string(),
  clusters: z.record(z.string(), countersSchema),
  invalid: z.record(z.string(), z.number()),
  /** The candidate could not answer when this was read. */
  isCandidateAway: z.boolean().optional(),
});
type Reading = z.infer<typeof readingSchema>;

/** What is looked at: a model, the traffic it has, and what the proxy has counted by cluster. */
type Look = {
  readonly model: string;
  readonly traffic: Traffic;
  readonly counters: ReadonlyMap<string, ClusterCounters>;
};

/**
 * Takes what both versions of a model did since the last look and appends it as one observation, together with the reading it
 * was counted from: killed at any point, the next look counts the same requests once. What was answered while a lost candidate was
 * started again belongs to no rollout: its share went elsewhere.
 */
export function observe(
  context: AgentContext,
  { model, traffic, counters, shadow }: Look & { readonly shadow: ShadowComparison | undefined },
): void {
  const { store, options } = context;
  const before = store.getMemory(keyOf(model), readingSchema);
  const now = read(context, { model, traffic, counters });
  const isCompared =
    traffic.brake === undefined && before?.isCandidateAway !== true && now.isCandidateAway !== true;
  const rollout = isCompared ? (traffic.lease?.rollout ?? '') : '';
  const stable = countArm(before, now, traffic.stable);
  const candidate = countArm(before, now, traffic.candidate);
  const isWorthKeeping = rollout !== '' || stable.requests + candidate.requests > 0;
  store.transaction(() => {
    if (before !== undefined && isWorthKeeping) {
      store.addObservation(model, rollout, {
        host: options.hostName,
        at: now.at,
        seconds: secondsBetween(before.at, now.at),
        stage: traffic.lease?.stage ?? 0,
        weights: { candidate: traffic.candidatePercent },
        candidate,
        stable,
        ...(shadow && { shadow }),
      });
    }
    store.putMemory(keyOf(model), now);
  });
}

/** Lets the next observation count from here, for the versions of this traffic: for when the traffic is about to change. */
export function rebase(context: AgentContext, look: Look): void {
  context.store.putMemory(keyOf(look.model), read(context, look));
}

function keyOf(model: string): string {
  return `reading/${model}`;
}

function read(
  { clock, options, store }: AgentContext,
  { model, traffic: { stable, candidate }, counters }: Look,
): Reading {
  const versions = [stable, candidate].filter((version) => version !== undefined);
  const isCandidateAway = candidate !== undefined && store.getInstance(model, candidate)?.state !== 'ready';
  return {
    at: clock.now(),
    ...(isCandidateAway && { isCandidateAway }),
    clusters: Object.fromEntries(
      versions.map((version) => [version, counters.get(clusterName(model, version)) ?? NO_COUNTERS]),
    ),
    invalid: Object.fromEntries(
      versions.map((version) => [
        version,
        sumInvalid(readCapture(captureFolder(options.dataDir, model, version))),
      ]),
    ),
  };
}

/** A version first seen in this reading counts from here on: what it did before belonged to no interval of this model. */
function countArm(before: Reading | undefined, now: Reading, version: string | undefined): ArmCounts {
  const current = version === undefined ? undefined : now.clusters[version];
  const previous = version === undefined ? undefined : before?.clusters[version];
  const counted =
    current === undefined || previous === undefined ? NO_COUNTERS : subtractCounters(current, previous);
  const invalid = version === undefined ? 0 : countInvalid(before, now, version);
  return {
    requests: counted.requests,
    errors: Math.min(counted.errors, counted.requests),
    invalid: Math.min(invalid, counted.requests),
    latency: { edges: [...LATENCY_EDGES], counts: [...counted.latency] },
  };
}

function countInvalid(before: Reading | undefined, now: Reading, version: string): number {
  const previous = before?.invalid[version];
  return previous === undefined ? 0 : Math.max(0, (now.invalid[version] ?? 0) - previous);
}
