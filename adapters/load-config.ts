import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { MOST_CONFIG_BYTES, tooLarge } from '../core/config/bound-yaml.ts';
import type { Config } from '../core/config/config.ts';
import { type Env, parseConfig } from '../core/config/parse-config.ts';
import { excessProblem } from '../core/config/yaml-source.ts';
import { messageOf, type Problem, type Where } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/**
 * Reads the configuration `file` (relative to `folder`, as problems name it). Give in `env` only the variables that the file may name,
 * since a commit under trial can name any.
 */
export async function loadConfig(
  folder: string,
  file: string,
  env: Env,
): Promise<Result<Config, readonly Problem[]>> {
  const text = await readConfigText(folder, file);
  return text.ok ? parseConfig(text.value, { file, env }) : text;
}

/** The configuration as it is written, or the problem that there is none. */
export async function readConfigText(
  folder: string,
  file: string,
): Promise<Result<string, readonly Problem[]>> {
  const where: Where = { kind: 'file', file };
  try {
    const place = isAbsolute(file) ? file : join(folder, file);
    const about = await stat(place);
    // A link of the commit may lead to a device or a pipe, which has no end.
    if (!about.isFile()) throw Object.assign(new Error(`${place} is no file`), { code: 'EISDIR' });
    if (about.size > MOST_CONFIG_BYTES) return err([excessProblem(tooLarge(about.size), where)]);
    return ok(await readFile(place, 'utf8'));
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    return err([
      {
        code: 'missing-config',
        message: `There is no ${file}: ${messageOf(thrown)}.`,
        remedy: 'Add the file at the root of the repository, or name another with the `config` input.',
        where,
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
