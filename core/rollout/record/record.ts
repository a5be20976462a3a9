import { z } from 'zod';
import type { LedgerEvent } from '../../ledger/event.ts';
import { knownEventSchema } from '../../ledger/lines/read-event.ts';
import { SCHEMAS } from '../../names.ts';
import { type Baseline, temperingSchema } from '../evidence/baseline.ts';
import { type Observation, observationSchema } from '../evidence/observation.ts';
import { stablePastSchema } from '../evidence/stable-past.ts';
import { type RolloutPlan, rolloutPlanSchema } from '../rollout-plan.ts';

/**
 * Everything a rollout was decided on, and what happened: enough to decide it again. `events` are the ledger's `rollout.*`
 * events of this rollout, oldest first.
 */
export const rolloutRecordSchema = z.strictObject({
  schema: z.literal(SCHEMAS.rolloutRecord),
  rollout: z.string().min(1),
  plan: rolloutPlanSchema,
  baseline: z
    .strictObject({
      ...stablePastSchema.shape,
      eta: temperingSchema,
      latency: z.record(z.string(), observationSchema.shape.stable.shape.latency),
    })
    .optional(),
  observations: z.array(observationSchema),
  events: z.array(knownEventSchema),
});

/** See `rolloutRecordSchema`. */
export type RolloutRecord = z.infer<typeof rolloutRecordSchema>;

/** The record of one rollout, from all events of its model and all polls of its hosts. */
export function recordRollout(input: {
  readonly rollout: string;
  readonly plan: RolloutPlan;
  readonly baseline?: Baseline;
  readonly observations: readonly Observation[];
  readonly events: readonly LedgerEvent[];
}): RolloutRecord {
  const { rollout, plan, baseline, observations, events } = input;
  return {
    schema: SCHEMAS.rolloutRecord,
    rollout,
    plan,
    ...(baseline && { baseline: { ...baseline, latency: { ...baseline.latency } } }),
    observations: [...observations],
    events: events.filter(({ data }) => 'rollout' in data && data.rollout === rollout),
  };
}
