import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const PLAYED = /^play\(\s*'(?<id>[A-Z]\d+)'/gm;

/** An attempt, and the test file that plays it, from the root of the repository. */
export type Play = { readonly id: string; readonly file: string };

/** The attempts that the tests of `npm run test:attack` play. */
export function findPlays(root: string): readonly Play[] {
  const files = globSync('test/attack/**/*.test.ts', { cwd: root }).toSorted();
  return files.flatMap((file) =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(PLAYED)].map(({ groups }) => ({
      id: groups?.['id'] ?? '',
      file: file.replaceAll(path.sep, '/'),
    })),
  );
}
