import { z } from 'zod';
import { digestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
import { instantSchema } from '../instant.ts';
import { SCHEMAS } from '../names.ts';

/** A stored blob: its digest and its size in bytes. */
const blobSchema = z.object({ digest: digestSchema, size: z.number().int().nonnegative() });

const payloadSchema = z.discriminatedUnion('kind', [
  /** A TorchServe model archive, for the process runtime. */
  z.object({ kind: z.literal('mar'), file: z.string(), ...blobSchema.shape }),
  /** A container image by digest, for the Docker runtime. */
  z.object({ kind: z.literal('image'), reference: z.string(), ...blobSchema.shape }),
]);

/** How TorchServe is to run the model. */
const servingSettingsSchema = z.object({
  workers: z.number().int().positive(),
  batchSize: z.number().int().positive(),
  maxBatchDelayMs: z.number().int().nonnegative(),
  gpu: z.enum(['none', 'all']),
  responseTimeoutSeconds: z.number().int().positive(),
});

/**
 * What a package holds. The package's own digest is the SHA-256 of this document's exact bytes
 * (`trainyard.json` in the package's folder), and it pins every other part by digest.
 */
export const packageManifestSchema = z.object({
  schema: z.literal(SCHEMAS.package),
  model: modelNameSchema,
  version: versionSchema,
  runId: z.string(),
  modelDigest: digestSchema,
  createdAt: instantSchema,
  format: z.enum(['torchscript', 'pt2', 'pyfunc']),
  payload: payloadSchema,
  /** Reference profile (core/drift/profile.ts), golden examples (core/drift/golden.ts); each a JSON file. */
  profile: blobSchema.optional(),
  golden: blobSchema.optional(),
  serving: servingSettingsSchema,
});
export type PackageManifest = z.infer<typeof packageManifestSchema>;
export type ServingSettings = z.infer<typeof servingSettingsSchema>;
export type PackagePayload = PackageManifest['payload'];
