import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../../adapters/run-command.ts';
import { UserError } from '../../core/errors.ts';
import {
  type GitHubCommand,
  isListed,
  SETTING_LISTS,
  type Setting,
  typed,
} from '../../core/init/settings.ts';
import type { Surroundings } from '../surroundings.ts';

const TIMEOUT_MS = 60_000;

/** The checkout whose repository is set up, and what is around it. */
type Place = { readonly folder: string } & Pick<Surroundings, 'env' | 'print'>;

type Listed = Readonly<Record<Setting['kind'], readonly string[] | { readonly failed: string }>>;

/**
 * Makes the settings that the repository has not, one after the other, and says how each went. What is set stays as it is: hosts and people
 * go by it. Gives how many failed.
 */
export async function applySettings(place: Place, settings: readonly Setting[]): Promise<number> {
  const status = await gh(place, { args: ['auth', 'status'] });
  if (status.code !== 0) {
    throw new UserError([
      {
        code: 'not-logged-in',
        message: 'The GitHub CLI is not logged in.',
        remedy: 'Run `gh auth login`, then this again.',
      },
    ]);
  }
  const listed = {
    secret: await list(place, 'secret'),
    variable: await list(place, 'variable'),
    environment: await list(place, 'environment'),
    ruleset: await list(place, 'ruleset'),
  };
  let failed = 0;
  for (const setting of settings) {
    const { mark, said } = await apply(place, setting, listed);
    if (mark === 'error') failed += 1;
    place.print.line(`${mark.padEnd(8)} ${said}`);
  }
  return failed;
}

type Applied = { readonly mark: 'done' | 'left' | 'skipped' | 'error'; readonly said: string };

async function apply(
  place: Place,
  { kind, name, command, isAsked = false }: Setting,
  listed: Listed,
): Promise<Applied> {
  const names = listed[kind];
  const what = `${kind} ${name}`;
  if ('failed' in names)
    return { mark: 'error', said: `${what}: whether it is set can't be told: ${names.failed}` };
  if (isListed(names, name)) {
    const own = command.from === undefined ? '' : `, and nothing says whether ${command.from} is the same`;
    return { mark: 'left', said: `${what}: it is set already${own}` };
  }
  if (isAsked)
    return { mark: 'skipped', said: `${what}: its value is not known here. Run \`${typed(command)}\`` };
  if (command.from !== undefined && !existsSync(path.join(place.folder, command.from)))
    return { mark: 'error', said: `${what}: there is no ${command.from}` };
  const { code, stderr } = await gh(place, command);
  if (code === 0) return { mark: 'done', said: typed(command) };
  return { mark: 'error', said: `${typed(command)}: ${stderr.trim()}` };
}

async function list(place: Place, kind: Setting['kind']): Promise<Listed[Setting['kind']]> {
  const { code, stdout, stderr } = await gh(place, { args: SETTING_LISTS[kind] });
  if (code !== 0) return { failed: stderr.trim() };
  return Buffer.from(stdout).toString('utf8').split('\n');
}

async function gh({ folder, env }: Place, { args, from, input }: GitHubCommand) {
  const read = from === undefined ? input : await readFile(path.join(folder, from), 'utf8');
  return runCommand({
    ...{ command: 'gh', args, cwd: folder, env, timeoutMs: TIMEOUT_MS },
    ...(read !== undefined && { input: read }),
  });
}
