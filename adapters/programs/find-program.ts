import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/** Where a program of that name is found, as a shell looks for it: in the folders of `search`, as PATH lists them. */
export function findProgram(name: string, search: string): string | undefined {
  return search
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
