import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The paths of the folders in a folder; none when it is not there. Links are none. */
export function listFolders(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}
