import { z } from 'zod';
import { epochMs, foreignInstantSchema, instantSchema, toInstant } from '../../instant.ts';
import { type ArmTotals, armTotalsSchema } from '../../rollout/evidence/observation.ts';
import { addTotals, NO_TOTALS } from '../../rollout/evidence/stage-totals.ts';
import { evidenceCurveSchema } from './evidence-curve.ts';
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

/**
 * What both versions of a model did in one stretch that begins `at`, counted over so many `seconds`; `percent` is the most that the candidate
 * was given.
 */
const stretchSchema = z.object({
  at: instantSchema,
  percent: z.number(),
  seconds: z.number(),
  stable: armHistorySchema,
  candidate: armHistorySchema,
});

/** The evidence of harm that a host saw of a rollout which is over: by its natural logarithm, at every poll of it. */
const pastEvidenceSchema = z.object({
  limit: z.number(),
  peak: z.number(),
  polls: z.int(),
  curve: evidenceCurveSchema,
});
export type PastEvidence = z.infer<typeof pastEvidenceSchema>;

/**
 * A rollout as its polls of the asked time show it: when the first and the last of them was made, the furthest stage (an index), and what
 * became of requests.
 */
const rolloutHistorySchema = z.object({
  rollout: z.string(),
  from: instantSchema,
  to: instantSchema,
  stage: z.int(),
  percent: z.number(),
  stable: armTotalsSchema,
  candidate: armTotalsSchema,
  /** Of the last ones that are over on this host, from their beginning. */
  evidence: pastEvidenceSchema.optional(),
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
  seconds: z.number(),
  stage: z.int(),
  weights: z.object({ candidate: z.number() }),
  stable: countedSchema,
  candidate: countedSchema,
});

/** A poll and the rollout it belongs to, which is empty where there was none. */
type CountedPoll = z.infer<typeof countedPollSchema> & { readonly rollout: string };

type CountedArm = { totals: ArmTotals; readonly latency: SparseLatency };
type RolloutHistory = TrafficHistory['rollouts'][number];
type CountedStretch = {
  percent: number;
  /** How long its polls lasted, and when the last one was made (ms). */
  seconds: number;
  lastMs: number;
  readonly stable: CountedArm;
  readonly candidate: CountedArm;
  readonly rollouts: Map<string, RolloutHistory>;
};

/** Polls added up so far, a stretch by the ms it begins at. */
export type HistorySums = Map<number, CountedStretch>;

/** The time that is asked for, and the present, in ms. */
type Asked = { readonly sinceMs: number; readonly nowMs: number };

/** Nothing added up yet. */
export function startHistory(): HistorySums {
  return new Map();
}

/** Adds one poll, in place: thousands are added to one history. */
export function addToHistory(sums: HistorySums, poll: CountedPoll): void {
  const { rollout, stage, seconds, stable, candidate } = poll;
  const percent = poll.weights.candidate;
  const start = stretchOf(poll.at);
  const stretch = sums.get(start) ?? startStretch();
  sums.set(start, stretch);
  stretch.percent = Math.max(stretch.percent, percent);
  stretch.seconds += seconds;
  stretch.lastMs = Math.max(stretch.lastMs, epochMs(poll.at));
  addArm(stretch.stable, stable);
  addArm(stretch.candidate, candidate);
  if (rollout === '') return;
  const at = toInstant(epochMs(poll.at));
  addRollout(stretch.rollouts, { rollout, from: at, to: at, stage, percent, stable, candidate });
}

/** The instant (ms) from which a history of so many hours is told: whole stretches, the one that runs among them. */
export function historyStart(nowMs: number, hours: number): number {
  return stretchOf(toInstant(nowMs)) - 1_000 * (hours * 3_600 - STRETCH_SECONDS);
}

/** Forgets what began before an instant (ms), in place. */
export function cutHistory(sums: HistorySums, beforeMs: number): void {
  for (const start of sums.keys()) if (start < beforeMs) sums.delete(start);
}

/** How long the stable version took to answer since an instant (ms). */
export function latencySince(sums: HistorySums, sinceMs: number): LatencyQuantiles {
  const sum = emptyLatency();
  for (const [start, { stable }] of sums) {
    if (start < sinceMs) continue;
    for (const [edge, count] of stable.latency) sum.set(edge, (sum.get(edge) ?? 0) + count);
  }
  return quantilesOf(sum);
}

/** The history of the asked time. */
export function tellHistory(sums: HistorySums, { sinceMs, nowMs }: Asked): TrafficHistory {
  const told = [...sums].filter(([start]) => start >= sinceMs).toSorted(([left], [right]) => left - right);
  const rollouts = new Map<string, RolloutHistory>();
  for (const [, stretch] of told) for (const part of stretch.rollouts.values()) addRollout(rollouts, part);
  return {
    stepSeconds: STRETCH_SECONDS,
    stretches: told.map(([start, stretch]) => ({
      at: toInstant(start),
      percent: stretch.percent,
      seconds: secondsCounted(start, stretch, nowMs),
      stable: tellArm(stretch.stable),
      candidate: tellArm(stretch.candidate),
    })),
    rollouts: [...rollouts.values()].slice(-MOST_ROLLOUTS),
  };
}

/**
 * Over what time a stretch was counted, in s. Polls without a request are not kept: they lie between the others, and after the last one once
 * the stretch is over. The first poll after the agent was away may be of a longer time than a stretch.
 */
function secondsCounted(start: number, { seconds, lastMs }: CountedStretch, nowMs: number): number {
  const end = start + 1_000 * STRETCH_SECONDS;
  return Math.max(seconds, ((nowMs >= end ? end : lastMs) - start) / 1_000);
}

/** Joins what is known of a rollout with a later part of it. */
function addRollout(rollouts: Map<string, RolloutHistory>, part: RolloutHistory): void {
  const { rollout, stage, percent, stable, candidate } = part;
  const known = rollouts.get(rollout);
  rollouts.set(rollout, {
    ...{ rollout, from: known?.from ?? part.from, to: part.to },
    stage: Math.max(known?.stage ?? 0, stage),
    percent: Math.max(known?.percent ?? 0, percent),
    stable: addTotals(known?.stable ?? NO_TOTALS, stable),
    candidate: addTotals(known?.candidate ?? NO_TOTALS, candidate),
  });
}

function startStretch(): CountedStretch {
  return {
    ...{ percent: 0, seconds: 0, lastMs: 0, stable: startArm(), candidate: startArm() },
    rollouts: new Map(),
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
