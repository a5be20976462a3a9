import { z } from 'zod';
import { hostIdSchema } from '../../identity/host-id.ts';
import { foreignInstantSchema } from '../../instant.ts';
import { latencyCountsSchema, shareEdges } from '../../statistics/latency-buckets.ts';
import { userWeightsSchema } from './user-weights.ts';

const count = z.int().nonnegative();

/**
 * What became of the requests that a version was given, or of the copies. `requests` have ended, answered or not; `errors` of them were answered 5xx or not at
 * all, `unanswered` of these not at all: the client gave up, or the request was reset, cancelled, timed out or found no room. `refused`
 * were answered 4xx: nobody's fault until one version refuses more than the other. `invalid` were answered with what was NaN or broke
 * the schema.
 */
export const armTotalsSchema = z.object({
  requests: count,
  errors: count,
  unanswered: count,
  refused: count,
  invalid: count,
});

/** What one version did in one interval on one host: increments. `latency` counts the answers in ms buckets. */
export const armCountsSchema = z
  .object({ ...armTotalsSchema.shape, latency: latencyCountsSchema })
  .refine(({ unanswered, errors }) => unanswered <= errors, {
    error: 'unanswered must not exceed errors',
    path: ['unanswered'],
  })
  .refine(({ requests, errors }) => errors <= requests, {
    error: 'errors must not exceed requests',
    path: ['errors'],
  })
  .refine(({ requests, refused }) => refused <= requests, {
    error: 'refused must not exceed requests',
    path: ['refused'],
  })
  .refine(({ requests, invalid }) => invalid <= requests, {
    error: 'invalid must not exceed requests',
    path: ['invalid'],
  });

/** The answers both versions gave to the same requests. `unmatched` requests were answered by one of them only. */
const shadowComparisonSchema = z.object({
  pairs: count,
  different: count,
  unmatched: count,
  /** Mean absolute difference where both answers are numbers. */
  meanDifference: z.number().nonnegative().optional(),
});

/** What became of copies of requests, whose answers nobody got: those that have `ended`, and how many are open when it is counted. */
const copiesSchema = z.object({ ended: armCountsSchema, open: count });

/**
 * One poll of one host: both versions over the same `seconds`, at stage index `stage`, with the candidate given
 * `weights.candidate` percent. `candidate` and `stable` are of requests of their own; `copies` are what the candidate was sent of the
 * stable version's, while that goes on and until the last has ended. `users` says how many requests count as one where users are dealt to
 * the versions. `shadow` compares the answers of this time, while requests are copied. `seq` grows with each poll of a host; the pair
 * (hostId, seq) names the observation, and `host` is what people call it.
 */
export const observationSchema = z
  .object({
    hostId: hostIdSchema,
    host: z.string().min(1).max(253),
    at: foreignInstantSchema,
    seq: count,
    seconds: z.number().nonnegative(),
    stage: count,
    weights: z.object({ candidate: z.number().min(0).max(100) }),
    candidate: armCountsSchema,
    stable: armCountsSchema,
    copies: copiesSchema.optional(),
    users: userWeightsSchema.optional(),
    shadow: shadowComparisonSchema.optional(),
  })
  .refine(({ candidate, stable }) => shareEdges(candidate.latency, stable.latency), {
    error: 'both versions must use the same latency edges',
    path: ['candidate', 'latency', 'edges'],
  })
  .refine(({ copies, stable }) => copies === undefined || shareEdges(copies.ended.latency, stable.latency), {
    error: 'copies must use the same latency edges as both versions',
    path: ['copies', 'ended', 'latency', 'edges'],
  });

export type ArmCounts = z.infer<typeof armCountsSchema>;
/** See `armTotalsSchema`. */
export type ArmTotals = z.infer<typeof armTotalsSchema>;
/** What is counted of a version and compared with the other one as a table of its own. */
export type BadCount = 'errors' | 'refused' | 'invalid';
export type ShadowComparison = z.infer<typeof shadowComparisonSchema>;
export type Observation = z.infer<typeof observationSchema>;

/**
 * What of the candidate is compared with what the stable version did in the same time: without a share of its own, the copies it was sent.
 * Copies that end after it has got a share are the slowest of theirs, and have nothing to be compared with.
 */
export function comparedArm({ weights, candidate, copies }: Observation): ArmCounts {
  return weights.candidate === 0 && copies !== undefined ? copies.ended : candidate;
}
