import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { PACKAGE_FILES } from '../../core/names.ts';
import type { BatchSearch } from '../../core/serving/batching/batch-search.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { hashText } from '../data-digest.ts';

/** A package in a folder, the digest of its manifest, and the bytes of all its files. */
type Built = { readonly folder: string; readonly manifestDigest: string; readonly sizeBytes: number };

/**
 * Has the manifest of a package name this batch size, and how it was found. Gives the manifest's new digest, and the package's new size.
 * Rejects with a UserError where the manifest is not the one of the digest: the model's code has run since it was written.
 */
export async function writeBatching(
  { folder, manifestDigest, sizeBytes }: Built,
  batchSize: number,
  batching: BatchSearch,
): Promise<Omit<Built, 'folder'>> {
  const file = join(folder, PACKAGE_FILES.manifest);
  const text = await readFile(file, 'utf8');
  if (hashText(text) !== manifestDigest) throw altered(file);
  const { serving, ...rest } = packageManifestSchema.parse(JSON.parse(text));
  const manifest = packageManifestSchema.parse({ ...rest, serving: { ...serving, batchSize }, batching });
  const changed = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(file, changed);
  const grown = Buffer.byteLength(changed) - Buffer.byteLength(text);
  return { manifestDigest: hashText(changed), sizeBytes: sizeBytes + grown };
}

function altered(file: string): UserError {
  return new UserError([
    {
      code: 'package-altered',
      message: `${file} is not as it was written when the model was packed.`,
      remedy:
        'Nobody but this job should write there: see what the model does when it predicts, and run the job again.',
    },
  ]);
}
