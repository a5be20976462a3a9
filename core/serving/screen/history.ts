import { z } from 'zod';
import { epochMs, foreignInstantSchema, instantSchema, toInstant } from '../../instant.ts';
import { type ArmTotals, armTotalsSchema } from '../../rollout/evidence/observation.ts';
import { addTotals, NO_TOTALS } from '../../rollout/evidence/stage-totals.ts';
import {
  addSparse,
  emptyLatency,
  type LatencyQuantiles,
  quantilesOf,
  quantilesSchema,
  type SparseLatency,
} from './sparse-latency.ts';

/** A stretch of a history has this length, in s: a day has 288 of them. */
const STRETCH_SECONDS = 300;
/** A history goes so far back at most, in hours. */
export const MOST_HOURS = 24;
/** Rollouts that a history names, the newest ones. */
const MOST_ROLLOUTS = 20;

/** What one version did in a stretch: what became of its requests, and in how many ms shares of them were answered. */
const armHistorySchema = z.object({ ...armTotalsSchema.shape, latency: quantilesSchema });

/** What both versions of a model did in one stretch that begins `at`; `percent` is the most that the candidate was given. */
const stretchSchema = z.object({
  at: instantSchema,
  percent: z.number(),
  stable: armHistorySchema,
  candidate: armHistorySchema,
});

/** A rollout as its polls show it: when the first and the last was made, the furthest stage (an index), and what became of requests. */
const rolloutHistorySchema = z.object({
  rollout: z.string(),
  from: instantSchema,
  to: instantSchema,
  stage: z.int(),
  percent: z.number(),
  stable: armTotalsSchema,
  candidate: armTotalsSchema,
});

/** `GET /v1/models/{model}/history?hours=`, oldest first; a stretch in which nothing was asked is left out. */
export const historySchema = z.object({
  stepSeconds: z.int(),
  stretches: z.array(stretchSchema).max((MOST_HOURS * 3_600) / STRETCH_SECONDS + 1),
  rollouts: z.array(rolloutHistorySchema).max(MOST_ROLLOUTS),
});
export type TrafficHistory = z.infer<typeof historySchema>;

const countedSchema = armTotalsSchema.extend({
  latency: z.object({ edges: z.array(z.number()), counts: z.array(z.number()) }),
});

/** What a history takes of a stored poll: it was checked when it was written. */
export const countedPollSchema = z.object({
  at: foreignInstantSchema,
  stage: z.int(),
  weights: z.object({ candidate: z.number() }),
  stable: countedSchema,
  candidate: countedSchema,
});

/** A poll and the rollout it belongs to, which is empty where there was none. */
type CountedPoll = z.infer<typeof countedPollSchema> & { readonly rollout: string };

type CountedArm = { totals: ArmTotals; readonly latency: SparseLatency };
type CountedStretch = { percent: number; readonly stable: CountedArm; readonly candidate: CountedArm };
type RolloutHistory = TrafficHistory['rollouts'][number];

/** Polls added up so far: a stretch by the ms it begins at, and rollouts by their name. */
export type HistorySums = {
  readonly stretches: Map<number, CountedStretch>;
  readonly rollouts: Map<string, RolloutHistory>;
};

/** Nothing added up yet. */
export function startHistory(): HistorySums {
  return { stretches: new Map(), rollouts: new Map() };
}

/** Adds one poll, in place: thousands are added to one history. */
export function addToHistory({ stretches, rollouts }: HistorySums, poll: CountedPoll): void {
  const { rollout, stage, weights } = poll;
  const start = stretchOf(poll.at);
  const stretch = stretches.get(start) ?? { percent: 0, stable: startArm(), candidate: startArm() };
  stretch.percent = Math.max(stretch.percent, weights.candidate);
  addArm(stretch.stable, poll.stable);
  addArm(stretch.candidate, poll.candidate);
  stretches.set(start, stretch);
  if (rollout === '') return;
  const at = toInstant(epochMs(poll.at));
  const known = rollouts.get(rollout);
  rollouts.set(rollout, {
    rollout,
    from: known?.from ?? at,
    to: at,
    stage: Math.max(known?.stage ?? 0, stage),
    percent: Math.max(known?.percent ?? 0, weights.candidate),
    stable: addTotals(known?.stable ?? NO_TOTALS, poll.stable),
    candidate: addTotals(known?.candidate ?? NO_TOTALS, poll.candidate),
  });
}

/** The instant (ms) from which a history of so many hours is told: whole stretches, the one that runs among them. */
export function historyStart(nowMs: number, hours: number): number {
  return stretchOf(toInstant(nowMs)) - 1_000 * (hours * 3_600 - STRETCH_SECONDS);
}

/** Forgets what began before an instant (ms), in place. */
export function cutHistory({ stretches, rollouts }: HistorySums, beforeMs: number): void {
  for (const start of stretches.keys()) if (start < beforeMs) stretches.delete(start);
  for (const [name, { to }] of rollouts) if (epochMs(to) < beforeMs) rollouts.delete(name);
}

/** How long the stable version took to answer since an instant (ms). */
export function latencySince({ stretches }: HistorySums, sinceMs: number): LatencyQuantiles {
  const sum = emptyLatency();
  for (const [start, { stable }] of stretches) {
    if (start < sinceMs) continue;
    for (const [edge, count] of stable.latency) sum.set(edge, (sum.get(edge) ?? 0) + count);
  }
  return quantilesOf(sum);
}

/** The history since an instant (ms). */
export function tellHistory({ stretches, rollouts }: HistorySums, sinceMs: number): TrafficHistory {
  const told = [...stretches]
    .filter(([start]) => start >= sinceMs)
    .toSorted(([left], [right]) => left - right);
  const ended = [...rollouts.values()].filter(({ to }) => epochMs(to) >= sinceMs);
  return {
    stepSeconds: STRETCH_SECONDS,
    stretches: told.map(([start, { percent, stable, candidate }]) => ({
      at: toInstant(start),
      percent,
      stable: tellArm(stable),
      candidate: tellArm(candidate),
    })),
    rollouts: ended.slice(-MOST_ROLLOUTS),
  };
}

function stretchOf(at: string): number {
  const step = 1_000 * STRETCH_SECONDS;
  return Math.floor(epochMs(at) / step) * step;
}

function startArm(): CountedArm {
  return { totals: NO_TOTALS, latency: emptyLatency() };
}

function addArm(arm: CountedArm, counted: z.infer<typeof countedSchema>): void {
  arm.totals = addTotals(arm.totals, counted);
  addSparse(arm.latency, counted.latency);
}

function tellArm({ totals, latency }: CountedArm): z.infer<typeof armHistorySchema> {
  return { ...totals, latency: quantilesOf(latency) };
}
