import { runCommand } from '../../adapters/run-command.ts';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { SECRET_FILES, settingCommands, typed } from '../../core/init/settings.ts';
import type { Surroundings } from '../surroundings.ts';

const TIMEOUT_MS = 60_000;
const SUBJECT = 'github';

/** Whether the repository has the settings that init names, as the GitHub CLI of this machine may see them. */
export async function lookAtGitHub(
  { environments }: Config,
  { cwd, env }: Surroundings,
): Promise<readonly Checked[]> {
  const gh = (...args: readonly string[]) => ask(args, cwd, env);
  try {
    if ((await gh('auth', 'status')) === undefined) {
      return [passedOver(SUBJECT, 'The GitHub CLI is not logged in: run `gh auth login`.')];
    }
    const secrets = await gh('secret', 'list');
    const variables = await gh('variable', 'list');
    const names = await gh('api', 'repos/{owner}/{repo}/environments', '--jq', '.environments[].name');
    const commands = settingCommands(Object.keys(environments), env['MLFLOW_TRACKING_URI']).map(typed);
    const wanted = [
      ...Object.keys(SECRET_FILES).map((name) => ({ what: `secret ${name}`, name, among: secrets })),
      { what: 'variable MLFLOW_TRACKING_URI', name: 'MLFLOW_TRACKING_URI', among: variables },
      ...Object.keys(environments).map((name) => ({ what: `environment ${name}`, name, among: names })),
    ];
    return wanted.flatMap(({ what, name, among }) => {
      if (among === undefined)
        return [passedOver(SUBJECT, `The ${what} can't be looked at with this login.`)];
      if (among.some((line) => line.split(/\s/)[0] === name)) return [fine(SUBJECT, `the ${what} is there`)];
      const command = commands.find((one) => one.includes(name)) ?? '';
      return warnings(SUBJECT, [
        { code: 'setting-missing', message: `There is no ${what}.`, remedy: `Run \`${command}\`.` },
      ]);
    });
  } catch (thrown) {
    if (thrown instanceof UserError) return errors(SUBJECT, thrown.problems);
    throw thrown;
  }
}

/** The lines of an answer; `undefined` where there was none. */
async function ask(
  args: readonly string[],
  cwd: string,
  env: Surroundings['env'],
): Promise<readonly string[] | undefined> {
  const { code, stdout } = await runCommand({ command: 'gh', args, cwd, env, timeoutMs: TIMEOUT_MS });
  return code === 0
    ? Buffer.from(stdout)
        .toString('utf8')
        .split('\n')
        .filter((line) => line !== '')
    : undefined;
}
