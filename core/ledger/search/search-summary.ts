import { z } from 'zod';
import { digestSchema } from '../../identity/digest.ts';
import { parametersSchema } from '../parameters.ts';

/** What a search came to: what the ledger keeps of it, and jobs hand on. */
export const searchSummarySchema = z.object({
  /** The MLflow run that the runs of all trials belong to. */
  runId: z.string().min(1),
  /** Name of the study in the storage. */
  study: z.string().min(1),
  metric: z.string(),
  direction: z.enum(['maximize', 'minimize']),
  /** Of the sampler. */
  seed: z.int().nonnegative(),
  /** Trials that were asked for, that ran to their end, and that were ended early for being worse than others. */
  asked: z.int().positive(),
  complete: z.int().nonnegative(),
  pruned: z.int().nonnegative(),
  best: z.object({
    trial: z.int().nonnegative(),
    runId: z.string().min(1),
    value: z.number(),
    parameters: parametersSchema,
  }),
  dataDigest: digestSchema,
  /** Of the artefact that holds all trials. */
  resultDigest: digestSchema,
});
export type SearchSummary = Readonly<z.infer<typeof searchSummarySchema>>;
