import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { linesOf, runCommand } from '../adapters/run-command.ts';
import { type GitHubCommand, SETTING_LISTS, type Setting } from '../core/init/settings.ts';
import type { Surroundings } from './surroundings.ts';

const TIMEOUT_MS = 60_000;

/** The checkout whose repository is asked for, and the variables that the GitHub CLI signs in with. */
type Place = { readonly folder: string; readonly env: Surroundings['env'] };

/** The names that are set of one kind; in place of those that can't be told, why. */
export type SettingList = readonly string[] | { readonly failed: string };

/** Runs one command of the GitHub CLI, and gives how it ended. */
export async function runGitHubCli({ folder, env }: Place, { args, from, input }: GitHubCommand) {
  const read = from === undefined ? input : await readFile(path.join(folder, from), 'utf8');
  return runCommand({
    ...{ command: 'gh', args, cwd: folder, env, timeoutMs: TIMEOUT_MS },
    ...(read !== undefined && { input: read }),
  });
}

/** What is set in the repository; `undefined` where the GitHub CLI is not logged in. */
export async function listSettings(
  place: Place,
): Promise<Readonly<Record<Setting['kind'], SettingList>> | undefined> {
  if ((await runGitHubCli(place, { args: ['auth', 'status'] })).code !== 0) return undefined;
  return {
    secret: await list(place, 'secret'),
    variable: await list(place, 'variable'),
    environment: await list(place, 'environment'),
    ruleset: await list(place, 'ruleset'),
  };
}

/** What a line says of each runner of the repository: whether it lives for one job, its name, and its labels. */
const RUNNERS =
  '.runners[] | [(.ephemeral // false | tostring), .name, ([.labels[].name] | join(", "))] | @tsv';

/** A runner of the repository's own, as GitHub knows it. */
type ListedRunner = { readonly name: string; readonly labels: string; readonly livesForOneJob: boolean };

/** The runners that wait for jobs of the repository now; those of its organisation are not among them. Why, where that can't be told. */
export async function listRunners(
  place: Place,
): Promise<readonly ListedRunner[] | { readonly failed: string }> {
  const address = 'repos/{owner}/{repo}/actions/runners';
  const { code, stdout, stderr } = await runGitHubCli(place, {
    args: ['api', '--paginate', address, '--jq', RUNNERS],
  });
  if (code !== 0) return { failed: stderr.trim() };
  return linesOf(stdout).map((line) => {
    const [ephemeral, name = '', labels = ''] = line.split('\t');
    return { name, labels, livesForOneJob: ephemeral === 'true' };
  });
}

async function list(place: Place, kind: Setting['kind']): Promise<SettingList> {
  const { code, stdout, stderr } = await runGitHubCli(place, { args: SETTING_LISTS[kind] });
  return code === 0 ? linesOf(stdout) : { failed: stderr.trim() };
}
