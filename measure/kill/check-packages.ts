import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * What is wrong in an agent's folder of packages: uploads left behind, files of `wanted` that are missing, and among the files written
 * since `since` (ms since 1970) those that are not what their name says.
 */
export function findPackageProblems(
  dataDir: string,
  wanted: readonly string[],
  since = 0,
): readonly string[] {
  const folder = path.join(dataDir, 'packages');
  const incoming = readdirSync(path.join(folder, 'incoming'));
  const files = readdirSync(folder).filter((name) => name !== 'incoming');
  const present = new Set(files);
  const damaged = files
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).mtimeMs >= since && digestOf(file) !== path.basename(file));
  return [
    ...incoming.map((name) => `packages/incoming/${name} was left behind`),
    ...damaged.map((file) => `packages/${path.basename(file)} is not what its name says`),
    ...wanted
      .map((digest) => digest.replace('sha256:', ''))
      .filter((name) => !present.has(name))
      .map((name) => `packages/${name} is missing`),
  ];
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
