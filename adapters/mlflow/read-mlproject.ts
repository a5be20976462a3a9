import path from 'node:path';
import { isElsewhere, type Mlproject } from '../../core/config/mlproject/mlproject.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYamlFile } from '../load-config.ts';

/** The file of an MLflow Project, by which its folder is known. */
export const MLPROJECT = 'MLproject';

/** Where the MLproject file of a project lies (`uri` as in trainyard.yml), from the root of the repository; `undefined` where it lies elsewhere. */
export function placeOfMlproject(uri: string): string | undefined {
  if (isElsewhere(uri)) return undefined;
  const [folder = '', below = ''] = uri.split('#');
  return path.posix.normalize(path.posix.join(folder, below, MLPROJECT));
}

/**
 * The MLproject file of a project (`uri` as in trainyard.yml, from `root`); `undefined` where it lies elsewhere, or where the folder has none
 * and MLflow runs scripts by their names.
 */
export async function readMlproject(
  root: string,
  uri: string,
): Promise<Result<Mlproject | undefined, readonly Problem[]>> {
  const file = placeOfMlproject(uri);
  if (file === undefined) return ok(undefined);
  try {
    const read = await readYamlFile(path.resolve(root, file), file);
    if (read.kind === 'absent') return ok(undefined);
    return read.text.ok ? parseMlproject(read.text.value, file) : read.text;
  } catch (thrown) {
    // A result all the same: plan reads it for every request, and only trainings go by it.
    const message = `${file} can't be read: ${messageOf(thrown)}.`;
    const remedy = 'Make it a file that jobs may read.';
    return err([{ code: 'mlproject-unreadable', message, remedy, where: { kind: 'file', file } }]);
  }
}
