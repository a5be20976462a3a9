import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_FILES } from '../../core/names.ts';
import type { BatchSearch } from '../../core/serving/batching/batch-search.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { hashText } from '../data-digest.ts';

/** Has the manifest of the package in `folder` name this batch size, and how it was found. Gives the new manifest's digest. */
export async function writeBatching(
  folder: string,
  batchSize: number,
  batching: BatchSearch,
): Promise<string> {
  const file = join(folder, PACKAGE_FILES.manifest);
  const manifest = packageManifestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const serving = { ...manifest.serving, batchSize };
  const changed = `${JSON.stringify({ ...manifest, serving, batching }, undefined, 2)}\n`;
  await writeFile(file, changed);
  return hashText(changed);
}
