import { ServiceError } from '../../core/errors.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { connectMlflow } from '../connect-mlflow.ts';
import type { Surroundings } from '../surroundings.ts';

/** The newest run of an experiment that has ended well; in the place of none, why. */
export async function findLastRun(
  experiment: string,
  { env }: Pick<Surroundings, 'env'>,
): Promise<{ readonly run: TrackingRun } | { readonly none: string }> {
  const uri = env['MLFLOW_TRACKING_URI'] ?? '';
  if (!/^https?:/.test(uri)) return { none: 'MLFLOW_TRACKING_URI names no server here' };
  try {
    const run = (await connectMlflow(uri, env).findRuns(experiment, {})).find(
      ({ status }) => status === 'FINISHED',
    );
    return run === undefined
      ? {
          none: `no run of the experiment ${experiment} has ended well at ${uri}; --experiment names another`,
        }
      : { run };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { none: thrown.problem.message };
  }
}
