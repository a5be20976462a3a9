import { z } from 'zod';
import { answersSchema } from '../../answers/contract.ts';
import { boxLevelSchema } from '../../box-level.ts';
import { digestSchema } from '../../identity/digest.ts';
import { packageNameSchema } from '../../identity/package-name.ts';
import { versionSchema } from '../../identity/version.ts';
import { searchSummarySchema } from '../../ledger/search/search-summary.ts';
import { studySchema } from '../../ledger/search/study.ts';

// MLflow is written to by everybody's training, so what a job says of its own work reaches the next ones through its outputs.

/** A logged model: the run that made it, where it lies, and the digest that its bytes must have wherever they are read. */
const modelSchema = z.object({
  runId: z.string().min(1),
  modelUri: z.string().min(1),
  modelDigest: digestSchema,
});

export type HandedModel = Readonly<z.infer<typeof modelSchema>>;

/** A training that ended with a model, the digest of the data inputs that it read, and the box that it ran in. */
export const trainedModelSchema = modelSchema.extend({ dataDigest: digestSchema, box: boxLevelSchema });
export type TrainedModel = Readonly<z.infer<typeof trainedModelSchema>>;

/** The `result` of the train action: what the job that ran the training says of it. */
export const trainedSchema = trainedModelSchema.extend({
  schema_version: z.literal(1),
  action: z.literal('train'),
  /** Metrics that the training logged, as they were when it ended. */
  metrics: z.record(z.string(), z.number()),
  /** The search that its parameters come from, where they come from one. */
  study: studySchema.exactOptional(),
});

/** The `result` of the train action after a search, whether or not a training followed it. */
export const searchedSchema = z.object({
  schema_version: z.literal(1),
  action: z.literal('train'),
  search: searchSummarySchema,
});

/** The `result` of the register action: a version as the ledger has it, and its package where the ledger knows one. */
export const registeredSchema = modelSchema.extend({
  schema_version: z.literal(1),
  action: z.literal('register'),
  version: versionSchema,
  package: packageNameSchema.exactOptional(),
  /** What its answers were judged by. */
  answers: answersSchema.exactOptional(),
});
