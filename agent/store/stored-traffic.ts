import { z } from 'zod';
import { instantSchema } from '../../core/instant.ts';
import { type Traffic, trafficSchema } from '../../core/serving/api.ts';

/** The traffic of one model, when `deploy` last set it (which is what a lease counts from), and the rollout it reported last. */
export const storedTrafficSchema = z.object({
  traffic: trafficSchema,
  setAt: instantSchema,
  /** `<rollout>/<stage>` whose evidence was reported to the repository. */
  reportedStage: z.string().optional(),
  /** How often a brake or a stage that no job has heard of was reported again, and when the last time. */
  reminded: z.object({ times: z.number(), at: instantSchema }).optional(),
  /** Since when the lease has been silent; the rollout is on hold. */
  heldSince: instantSchema.optional(),
  /** Rollouts that have left this traffic, the last ones: none of them may come back. */
  over: z.array(z.string()).optional(),
});
export type StoredTraffic = z.infer<typeof storedTrafficSchema>;

/** The HTTP entity tag of a revision. */
export function entityTag(traffic: Traffic): string {
  return `"${traffic.revision}"`;
}
