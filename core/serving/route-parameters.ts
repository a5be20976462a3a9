import { z } from 'zod';
import { namedDigestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';

const DIGITS = /^\d+$/;

/** A model's own path. */
export const ofModel = z.object({ model: modelNameSchema });
/** The path of one of its versions. */
export const ofVersion = z.object({ model: modelNameSchema, version: versionSchema });
/** A file by its digest. */
export const ofDigest = z.object({ digest: namedDigestSchema });

/** What a query says in digits, as a number of this kind: an empty text is no 0, and `1e3` no number of rows. */
export function wholeNumber<T extends z.ZodNumber>(kind: T) {
  return z.preprocess((given) => (DIGITS.test(String(given)) ? Number(given) : given), kind);
}
