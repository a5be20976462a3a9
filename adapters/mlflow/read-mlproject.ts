import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Mlproject } from '../../core/config/mlproject/mlproject.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import type { Problem } from '../../core/errors.ts';
import { ok, type Result } from '../../core/result.ts';

const NAME = 'MLproject';
/** As MLflow tells an address from a folder. */
const ADDRESS = /^(?:git@|[a-z+]+:\/\/|git\+)/;

/**
 * The MLproject file of a project (`uri` as in trainyard.yml, from `root`); `undefined` where it lies elsewhere, or where the folder has none
 * and MLflow runs scripts by their names.
 */
export async function readMlproject(
  root: string,
  uri: string,
): Promise<Result<Mlproject | undefined, readonly Problem[]>> {
  if (ADDRESS.test(uri)) return ok(undefined);
  const [folder = '', below = ''] = uri.split('#');
  const file = path.posix.normalize(path.posix.join(folder, below, NAME));
  const text = await readFile(path.resolve(root, file), 'utf8').catch(() => undefined);
  if (text === undefined) return ok(undefined);
  return parseMlproject(text, file);
}
