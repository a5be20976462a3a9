import { z } from 'zod';
import { isIncreasing } from '../statistics/latency-buckets.ts';

/** The smallest share of requests that can be set, in percent; others are whole multiples of it. */
export const PERCENT_STEP = 0.01;

/** The percent of traffic of one stage, as trainyard.yml, the agent's API and the proxy's weights can all say it. */
export const stagePercentSchema = z.number().positive().max(100).multipleOf(PERCENT_STEP);

/** Rules that JSON Schema has no words for: descriptions state them in these. */
const [INCREASE, END] = ['stages must increase', 'stages must end at 100'];

/** How a candidate is brought to all traffic. The last stage, at 100 %, is the bake. */
export const rolloutPlanSchema = z.object({
  stages: z
    .array(stagePercentSchema)
    .min(1)
    .max(50)
    .refine(isIncreasing, { error: INCREASE })
    .refine((stages) => stages.at(-1) === 100, { error: END })
    .describe(`Percent of traffic per stage; ${INCREASE}, ${END}.`),
  /** At most this share of rollouts of an equal candidate is rolled back, by whomever and however often one looks. */
  alpha: z.number().gt(0).lt(1),
  /** The part of alpha that is spent by whoever decides on this plan: evidence of one in so many is proof to it. */
  alarmAlpha: z.number().gt(0).lt(1),
  stageMinSeconds: z.number().nonnegative(),
  /** Candidate requests a stage needs; without it, as many as it takes to see the harm that the stage looks for. */
  minRequests: z.int().nonnegative().optional(),
  deadlineSeconds: z.number().positive(),
  /** An absolute limit beside the comparison with the stable version: it also catches both being broken. */
  slo: z.object({ maxErrorRate: z.number().gt(0).lt(1) }).optional(),
  /** What follows when the deadline has passed, a stage still has too little data, and the wait after it is over. */
  onNoData: z.enum(['rollback', 'hold']),
  /** A candidate at most this share slower is not slow: 0.10 is 10 %. */
  latencyMargin: z.number().nonnegative(),
  /** Odds ratio of bad requests that is still acceptable: 1 is "not worse at all". */
  tolerance: z.number().min(1).max(10),
});

/** See `rolloutPlanSchema`. */
export type RolloutPlan = z.infer<typeof rolloutPlanSchema>;
