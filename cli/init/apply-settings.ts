import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../core/errors.ts';
import { isListed, type Setting, typed } from '../../core/init/settings.ts';
import { listSettings, runGitHubCli, type SettingList } from '../github-cli.ts';
import type { Surroundings } from '../surroundings.ts';

/** The checkout whose repository is set up, and what is around it. */
type Place = { readonly folder: string } & Pick<Surroundings, 'env' | 'print'>;

/**
 * Makes the settings that the repository has not, one after the other, and says how each went. What is set stays as it is: hosts and people
 * go by it. Gives how many failed.
 */
export async function applySettings(place: Place, settings: readonly Setting[]): Promise<number> {
  const listed = await listSettings(place);
  if (listed === undefined) {
    throw new UserError([
      {
        code: 'not-logged-in',
        message: 'The GitHub CLI is not logged in.',
        remedy: 'Run `gh auth login`, then this again.',
      },
    ]);
  }
  let failed = 0;
  for (const setting of settings) {
    const { mark, said } = await apply(place, setting, listed[setting.kind]);
    if (mark === 'error') failed += 1;
    place.print.line(`${mark.padEnd(8)} ${said}`);
  }
  return failed;
}

type Applied = { readonly mark: 'done' | 'left' | 'skipped' | 'error'; readonly said: string };

async function apply(
  place: Place,
  { kind, name, command, isAsked = false }: Setting,
  names: SettingList,
): Promise<Applied> {
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
  const { code, stderr } = await runGitHubCli(place, command);
  if (code === 0) return { mark: 'done', said: typed(command) };
  return { mark: 'error', said: `${typed(command)}: ${stderr.trim()}` };
}
