import { runCommand } from '../../adapters/run-command.ts';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { isListed, SETTING_LISTS, settingsOf, typed } from '../../core/init/settings.ts';
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
    const listed = {
      secret: await gh(...SETTING_LISTS.secret),
      variable: await gh(...SETTING_LISTS.variable),
      environment: await gh(...SETTING_LISTS.environment),
      ruleset: await gh(...SETTING_LISTS.ruleset),
    };
    return settingsOf(Object.keys(environments), env['MLFLOW_TRACKING_URI']).flatMap(
      ({ kind, name, command }) => {
        const what = `${kind} ${name}`;
        const among = listed[kind];
        if (among === undefined)
          return [passedOver(SUBJECT, `The ${what} can't be looked at with this login.`)];
        if (isListed(among, name)) return [fine(SUBJECT, `the ${what} is there`)];
        const remedy = `Run \`${typed(command)}\`.`;
        return warnings(SUBJECT, [{ code: 'setting-missing', message: `There is no ${what}.`, remedy }]);
      },
    );
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
