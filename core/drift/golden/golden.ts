import { z } from 'zod';
import { SCHEMAS } from '../../names.ts';

/** Bound of the names of devices and number forms. */
const MAX_NAME = 64;

/** What numbers may differ by: `absoluteTolerance + relativeTolerance * |expected|`. */
const toleranceSchema = z.object({
  absoluteTolerance: z.number().nonnegative(),
  relativeTolerance: z.number().nonnegative(),
});
export type GoldenTolerance = z.infer<typeof toleranceSchema>;

/** With the number form that it goes by, such as `float32` or `tf32`. */
const formToleranceSchema = toleranceSchema.extend({ numberForm: z.string().max(MAX_NAME) });

/**
 * Stored inputs and the outputs the model must give for them: `inputs` is a request body as a client would send it
 * (MLflow scoring protocol), `predictions` the `predictions` of the answer. Numbers agree within what was measured on the
 * device that answers, or what is said of devices `elsewhere`; everything else exactly. The tolerance of the document
 * itself is what agents go by that know of no devices, and all that packages of before then have.
 */
export const goldenSchema = z.object({
  schema: z.literal(SCHEMAS.golden),
  ...toleranceSchema.shape,
  measured: z.array(formToleranceSchema.extend({ device: z.string().max(MAX_NAME) })).optional(),
  elsewhere: formToleranceSchema.optional(),
  /** Each row's answer is a score for each class, of which the largest says the class. */
  ranked: z.boolean().optional(),
  /** Each row's answer is one score: above this it says one class, else the other. */
  boundary: z.number().optional(),
  examples: z.array(z.object({ inputs: z.json(), predictions: z.json() })).min(1),
});
export type Golden = z.infer<typeof goldenSchema>;
