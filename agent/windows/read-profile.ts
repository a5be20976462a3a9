import { type ReferenceProfile, referenceProfileSchema } from '../../core/drift/profile.ts';
import type { AgentContext } from '../context.ts';

/** The reference profile in a version's package; `undefined` when it has none. */
export function readProfile(
  { store, blobs }: AgentContext,
  model: string,
  version: string,
): ReferenceProfile | undefined {
  const profile = store.getInstance(model, version)?.manifest.profile;
  return profile === undefined
    ? undefined
    : referenceProfileSchema.parse(JSON.parse(blobs.readNow(profile.digest)));
}
