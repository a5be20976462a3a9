import { z } from 'zod';
import { instantSchema } from '../../instant.ts';
import { VERDICTS } from '../../verdict.ts';

/** What late labels said of the version that serves when a host last looked: shares are 0 to 1. */
export const labelsSeenSchema = z.object({
  at: instantSchema,
  version: z.string(),
  verdict: z.enum(VERDICTS),
  labels: z.int(),
  /** Share of the predictions that are old enough which have a label. */
  coverage: z.number(),
  accuracy: z.number().optional(),
  expected: z.number().optional(),
});
export type LabelsSeen = z.infer<typeof labelsSeenSchema>;
