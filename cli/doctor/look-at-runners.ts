import { type Checked, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { listRunners } from '../github-cli.ts';
import type { Surroundings } from '../surroundings.ts';

const SUBJECT = 'runners';
const REMEDY =
  'Where it is the gpu-runner and takes pull requests, register runners that live for one job: config.sh --ephemeral, or runner/run-jobs.sh of Trainyard. docs/runners.md says what is at risk else.';

/** Whether the runners of the repository live for one job each, as the GitHub CLI of this machine may see them. */
export async function lookAtRunners({ cwd, env }: Surroundings): Promise<readonly Checked[]> {
  const listed = await listRunners({ folder: cwd, env });
  if ('failed' in listed)
    return [passedOver(SUBJECT, "The runners of the repository can't be looked at with this login.")];
  return listed.flatMap(({ name, labels, livesForOneJob }) => {
    if (livesForOneJob) return [fine(SUBJECT, `${name} lives for one job`)];
    const message = `The runner ${name} (${labels}) takes one job after another: what code leaves there meets the next.`;
    return warnings(SUBJECT, [{ code: 'runner-lives-on', message, remedy: REMEDY }]);
  });
}
