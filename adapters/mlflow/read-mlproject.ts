import path from 'node:path';
import { isElsewhere, type Mlproject } from '../../core/config/mlproject/mlproject.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readYamlFile } from '../load-config.ts';

/** The file of an MLflow Project, by which its folder is known. */
export const MLPROJECT = 'MLproject';

/**
 * The MLproject file of a project (`uri` as in trainyard.yml, from `root`); `undefined` where it lies elsewhere, or where the folder has none
 * and MLflow runs scripts by their names.
 */
export async function readMlproject(
  root: string,
  uri: string,
): Promise<Result<Mlproject | undefined, readonly Problem[]>> {
  if (isElsewhere(uri)) return ok(undefined);
  const [folder = '', below = ''] = uri.split('#');
  const file = path.posix.normalize(path.posix.join(folder, below, MLPROJECT));
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
