import { z } from 'zod';

// Jobs read this from each other: it imports no event schema.

/** How the data of a training compare with those of a search, file by file. */
const comparisonSchema = z.enum(['same', 'superset', 'other', 'unknown']);

/** The search that a training has its parameters from, and how its data compare with those that were searched on. */
export const studySchema = z.object({
  /** Name of the study, MLflow run of the search, and number of its best trial. */
  study: z.string().min(1),
  runId: z.string().min(1),
  trial: z.int().nonnegative(),
  data: comparisonSchema,
});
export type Study = Readonly<z.infer<typeof studySchema>>;
