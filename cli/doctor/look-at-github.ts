import { type Checked, errorsOf, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { isListed, settingsOf, typed } from '../../core/init/settings.ts';
import { listSettings } from '../github-cli.ts';
import type { Surroundings } from '../surroundings.ts';
import { lookAtRunners } from './look-at-runners.ts';

const SUBJECT = 'github';

/** Whether the repository has the settings that init names, and runners that live for one job, as the GitHub CLI of this machine may see them. */
export async function lookAtGitHub(
  { environments }: Config,
  surroundings: Surroundings,
): Promise<readonly Checked[]> {
  const { cwd, env } = surroundings;
  try {
    const listed = await listSettings({ folder: cwd, env });
    if (listed === undefined) {
      return [passedOver(SUBJECT, 'The GitHub CLI is not logged in: run `gh auth login`.')];
    }
    const settings = settingsOf(Object.keys(environments), env['MLFLOW_TRACKING_URI']).flatMap(
      ({ kind, name, command }) => {
        const what = `${kind} ${name}`;
        const among = listed[kind];
        if ('failed' in among)
          return [passedOver(SUBJECT, `The ${what} can't be looked at with this login.`)];
        if (isListed(among, name)) return [fine(SUBJECT, `the ${what} is there`)];
        const remedy = `Run \`${typed(command)}\`.`;
        return warnings(SUBJECT, [{ code: 'setting-missing', message: `There is no ${what}.`, remedy }]);
      },
    );
    return [...settings, ...(await lookAtRunners(surroundings))];
  } catch (thrown) {
    return errorsOf(SUBJECT, thrown);
  }
}
