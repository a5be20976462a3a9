import { z } from 'zod';
import { SCHEMAS } from '../../names.ts';

/**
 * Stored inputs and the outputs the model must give for them: `inputs` is a request body as a client would send it
 * (MLflow scoring protocol), `predictions` the `predictions` of the answer. Numbers agree within
 * `absoluteTolerance + relativeTolerance * |expected|`; everything else exactly.
 */
export const goldenSchema = z.object({
  schema: z.literal(SCHEMAS.golden),
  absoluteTolerance: z.number().nonnegative(),
  relativeTolerance: z.number().nonnegative(),
  examples: z.array(z.object({ inputs: z.json(), predictions: z.json() })).min(1),
});
export type Golden = z.infer<typeof goldenSchema>;
