import { z } from 'zod';
import { digestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
import { instantSchema } from '../instant.ts';
import { SCHEMAS } from '../names.ts';
import { batchSearchSchema } from './batching/batch-search.ts';

/** The largest manifest that a host reads, in bytes. */
export const MAX_MANIFEST_BYTES = 2 ** 20;
/** The largest profile and the largest set of golden examples that a host reads, in bytes: they are held in memory whole. */
export const MAX_JSON_PART_BYTES = 64 * 2 ** 20;

/** Bounds of names: a file's, and an image's with its registry. */
const MAX_NAME = 255;
const MAX_REFERENCE = 1_000;
/** What trainyard.yml takes at most. */
const MAX_WORKERS = 256;
const MAX_BATCH = 4_096;
/** No timer runs longer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A stored blob: its digest and its size in bytes. */
const blobSchema = z.object({ digest: digestSchema, size: z.number().int().nonnegative() });

const payloadSchema = z.discriminatedUnion('kind', [
  /** A TorchServe model archive, for the process runtime. */
  z.object({ kind: z.literal('mar'), file: z.string().max(MAX_NAME), ...blobSchema.shape }),
  /** A container image by digest, for the Docker runtime. */
  z.object({ kind: z.literal('image'), reference: z.string().max(MAX_REFERENCE), ...blobSchema.shape }),
]);

/** How TorchServe is to run the model. */
const servingSettingsSchema = z.object({
  workers: z.number().int().positive().max(MAX_WORKERS),
  batchSize: z.number().int().positive().max(MAX_BATCH),
  maxBatchDelayMs: z.number().int().nonnegative().max(MAX_TIMER_MS),
  gpu: z.enum(['none', 'all']),
  responseTimeoutSeconds: z
    .number()
    .int()
    .positive()
    .max(Math.floor(MAX_TIMER_MS / 1_000)),
});

/**
 * What a package holds. The package's own digest is the SHA-256 of this document's exact bytes
 * (`trainyard.json` in the package's folder), and it pins every other part by digest.
 */
export const packageManifestSchema = z.object({
  schema: z.literal(SCHEMAS.package),
  model: modelNameSchema,
  version: versionSchema,
  runId: z.string().max(MAX_NAME),
  modelDigest: digestSchema,
  createdAt: instantSchema,
  format: z.enum(['torchscript', 'pt2', 'pyfunc']),
  payload: payloadSchema,
  /** Reference profile (core/drift/profile.ts), golden examples (core/drift/golden/golden.ts); each a JSON file. */
  profile: blobSchema.optional(),
  golden: blobSchema.optional(),
  serving: servingSettingsSchema,
  /** How the batch size of `serving` was found, where `serving.batch-size` was `auto`. */
  batching: batchSearchSchema.optional(),
});
export type PackageManifest = z.infer<typeof packageManifestSchema>;
export type ServingSettings = z.infer<typeof servingSettingsSchema>;
export type PackagePayload = PackageManifest['payload'];
