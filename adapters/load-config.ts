import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Config } from '../core/config/config.ts';
import { type Env, type ParseOptions, parseConfig } from '../core/config/parse-config.ts';
import { messageOf, type Problem } from '../core/errors.ts';
import { err, type Result } from '../core/result.ts';

/**
 * Reads the configuration `file` (relative to `folder`, as problems name it). Give in `env` only the variables that the file may name,
 * since a commit under trial can name any.
 */
export async function loadConfig(
  folder: string,
  file: string,
  env: Env,
  options: ParseOptions = {},
): Promise<Result<Config, readonly Problem[]>> {
  const path = isAbsolute(file) ? file : join(folder, file);
  try {
    return parseConfig(await readFile(path, 'utf8'), file, env, options);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return err([
      {
        code: 'missing-config',
        message: `There is no ${file}: ${messageOf(thrown)}.`,
        remedy: 'Add the file at the root of the repository, or name another with the `config` input.',
        where: { kind: 'file', file },
      },
    ]);
  }
}

function isMissing(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(thrown.code))
  );
}
