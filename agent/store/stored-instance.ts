import { z } from 'zod';
import { instantSchema } from '../../core/instant.ts';
import { type Instance, instanceSchema } from '../../core/serving/api.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';

/**
 * One model version this host has been asked to run, with everything needed to go on after a crash. `handle` is the
 * runtime's, `undefined` before it was prepared; `startedAt` is when the present attempt to start began.
 */
export const storedInstanceSchema = z.object({
  ...instanceSchema.shape,
  manifestDigest: z.string(),
  manifest: packageManifestSchema,
  handle: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** What `handle` stands for is to be ended before anything else is done, and gets no request meanwhile. */
  isGivenUp: z.boolean().optional(),
  startedAt: instantSchema,
  /** Digests of handlers that whoever asked for it knows. */
  handlers: z.array(z.string()).optional(),
  /** This very package has served on this host. Absent in what an agent stored that did not note it. */
  hasServed: z.boolean().optional(),
  /** Instants of the crashes since it was first ready, within the time that counts for giving up. */
  crashes: z.array(instantSchema),
  /** It is alive and has not served since. */
  unresponsiveSince: instantSchema.optional(),
});
export type StoredInstance = z.infer<typeof storedInstanceSchema>;

/** What the API shows of it. */
export function toInstance(stored: StoredInstance): Instance {
  const { model, version, state, code, message, since } = stored;
  return {
    model,
    version,
    package: stored.package,
    state,
    since,
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  };
}
