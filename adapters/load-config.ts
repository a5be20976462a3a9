import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { MOST_CONFIG_BYTES, tooLarge } from '../core/config/bound-yaml.ts';
import type { Config } from '../core/config/config.ts';
import { type Env, parseConfig } from '../core/config/parse-config.ts';
import { excessProblem } from '../core/config/yaml-source.ts';
import type { Problem } from '../core/errors.ts';
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
  const read = await readYamlFile(isAbsolute(file) ? file : join(folder, file), file);
  if (read.kind === 'there') return read.text;
  return err([
    {
      code: 'missing-config',
      message: `There is no ${file}${read.isOther ? ' that is a file' : ''}.`,
      remedy: 'Add the file at the root of the repository, or name another with the `config` input.',
      where: { kind: 'file', file },
    },
  ]);
}

/** A YAML file as it is written, or why it can't be read; absent where there is nothing of that name, or something that is no file (`isOther`). */
type YamlFile =
  | { readonly kind: 'absent'; readonly isOther: boolean }
  | { readonly kind: 'there'; readonly text: Result<string, readonly Problem[]> };

/** Reads a YAML file of a commit, which may be anything: `file` is how problems name it. Rejects where the system refuses. */
export async function readYamlFile(place: string, file: string): Promise<YamlFile> {
  try {
    const about = await stat(place);
    // A link of the commit may lead to a device or a pipe, which has no end.
    if (!about.isFile()) return { kind: 'absent', isOther: true };
    if (about.size <= MOST_CONFIG_BYTES) return { kind: 'there', text: ok(await readFile(place, 'utf8')) };
    return { kind: 'there', text: err([excessProblem(tooLarge(about.size), { kind: 'file', file })]) };
  } catch (thrown) {
    if (isMissing(thrown)) return { kind: 'absent', isOther: false };
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && ['ENOENT', 'ENOTDIR'].includes(String(thrown.code));
}
