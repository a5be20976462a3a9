import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A model that the specification's own program has signed. */
export const SIGNED_MODEL = path.join(import.meta.dirname, '..', '..', 'fixtures', 'signed-model');

/** The files of a folder by path, each with the SHA-256 of its bytes in hex. */
export function hashFolder(folder: string): ReadonlyMap<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries.flatMap((entry) => {
      if (!entry.isFile()) return [];
      const file = path.join(entry.parentPath, entry.name);
      const digest = createHash('sha256').update(readFileSync(file)).digest('hex');
      return [[path.relative(folder, file), digest] as const];
    }),
  );
}
