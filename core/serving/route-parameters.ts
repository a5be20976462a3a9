import { z } from 'zod';
import { namedDigestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';

/** A model's own path. */
export const ofModel = z.object({ model: modelNameSchema });
/** The path of one of its versions. */
export const ofVersion = z.object({ model: modelNameSchema, version: versionSchema });
/** A file by its digest. */
export const ofDigest = z.object({ digest: namedDigestSchema });
