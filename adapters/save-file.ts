import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Writes texts as files into a folder, which is made when it is not there; gives the path of each. Rejects where the disk refuses. */
export function createSaveFile(folder: string): (name: string, text: string) => Promise<string> {
  return async (name, text) => {
    const file = path.join(folder, path.basename(name));
    await mkdir(folder, { recursive: true });
    await writeFile(file, text);
    return file;
  };
}
