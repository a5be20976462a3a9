import { z } from 'zod';
import { driftSeenSchema } from '../../drift/drift-seen.ts';
import { labelsSeenSchema } from '../../drift/labels/labels-seen.ts';
import { instantSchema } from '../../instant.ts';
import { HARMS } from '../../rollout/evidence/bets.ts';
import { armTotalsSchema } from '../../rollout/evidence/observation.ts';
import { evidenceCurveSchema } from './evidence-curve.ts';
import { quantilesSchema } from './sparse-latency.ts';

/** One stage of a rollout's plan: what it has seen on this host, and what it needs. */
const stageOutlookSchema = z.object({
  percent: z.number(),
  /** Requests of the candidate that the stage needs, and those that count of the ones it has seen. */
  needs: z.int(),
  seen: z.int(),
  /** How long it takes at the present traffic of this host, in s; absent where there is none. */
  seconds: z.number().optional(),
  polls: z.int(),
  candidate: armTotalsSchema,
  /** Copies that the candidate answered while it had no share. */
  shadow: armTotalsSchema,
  stable: armTotalsSchema,
});

/** A rollout as this host sees it alone. Evidence is given by its natural logarithm. */
const rolloutOutlookSchema = z.object({
  rollout: z.string(),
  startedAt: instantSchema,
  stageStartedAt: instantSchema,
  stage: z.int(),
  control: z.enum(['running', 'held']),
  /** When this host holds, and when it returns to the stable version, unless `deploy` is heard of before. */
  leaseEndsAt: instantSchema,
  returnsAt: instantSchema,
  deadlineAt: instantSchema,
  decision: z.object({
    kind: z.string(),
    code: z.string().optional(),
    explanation: z.string(),
    missing: z.object({ requests: z.number(), seconds: z.number() }).optional(),
  }),
  requestsPerSecond: z.number(),
  stages: z.array(stageOutlookSchema),
  evidence: z.object({
    limit: z.number(),
    total: z.number(),
    peak: z.number(),
    peakAt: instantSchema.optional(),
    polls: z.int(),
    /** By kind of harm; absent are those of which there is nothing to tell yet. */
    harms: z.partialRecord(z.enum(HARMS), z.number()),
    /** So many failed requests of the candidate in a row would reach the limit. */
    failuresToAlarm: z.int().optional(),
    curve: evidenceCurveSchema,
  }),
});
export type RolloutOutlook = z.infer<typeof rolloutOutlookSchema>;

/** `GET /v1/models/{model}/outlook`: where a model stands on this host, and what would change that. */
export const outlookSchema = z.object({
  /** How long answers took: since the rollout began on this host, or in the last hour where there is none. */
  latency: z.object({
    since: instantSchema,
    stable: quantilesSchema,
    candidate: quantilesSchema.optional(),
  }),
  rollout: rolloutOutlookSchema.optional(),
  /** The header whose value keeps a user with one version. */
  stickyHeader: z.string().optional(),
  /** Requests that pinned a version, since the proxy began; golden examples are among them. */
  pinned: z.record(z.string(), z.int()).optional(),
  /** When a monitor last read what this host counted; where `isFirst`, since when one is waited for. */
  monitored: z.object({ at: instantSchema, isFirst: z.boolean() }).optional(),
  drift: driftSeenSchema.optional(),
  labels: labelsSeenSchema.optional(),
});
export type ModelOutlook = z.infer<typeof outlookSchema>;
