import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { configOf } from '../../core/check/check-caller.ts';
import { type Caller, findCallers } from '../../core/check/workflow.ts';

/** Where a repository keeps its workflows. */
export const WORKFLOWS_FOLDER = '.github/workflows';

/** The jobs of a repository's workflows that call ours for a configuration. */
export async function readCallers(folder: string, config: string): Promise<readonly Caller[]> {
  const place = path.join(folder, WORKFLOWS_FOLDER);
  const names = await readdir(place).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /\.ya?ml$/.test(name))
      .map(async (name) =>
        findCallers(`${WORKFLOWS_FOLDER}/${name}`, await readFile(path.join(place, name), 'utf8')),
      ),
  );
  const wanted = path.posix.normalize(config);
  return found.flat().filter((caller) => path.posix.normalize(configOf(caller)) === wanted);
}
