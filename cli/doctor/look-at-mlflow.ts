import { type Checked, errorsOf, fine, passedOver } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { connectMlflow } from '../connect-mlflow.ts';
import type { Surroundings } from '../surroundings.ts';

/** Whether the tracking server is there, and lets itself be asked with what stands in the environment. */
export async function lookAtMlflow({ tracking }: Config, { env }: Surroundings): Promise<readonly Checked[]> {
  const subject = `mlflow ${tracking.uri}`;
  if (tracking.uri === '' || tracking.uri.includes('${')) {
    return [
      passedOver(
        'mlflow',
        'Its address stands in a variable that has no value here: set MLFLOW_TRACKING_URI.',
      ),
    ];
  }
  try {
    const server = connectMlflow(tracking.uri, env);
    await server.check();
    const runs = await server.findRuns(tracking.experiment, {});
    return [
      fine(
        subject,
        `answers; the experiment ${tracking.experiment} has ${runs.length === 0 ? 'no runs yet' : 'runs'}`,
      ),
    ];
  } catch (thrown) {
    return errorsOf(subject, thrown);
  }
}
