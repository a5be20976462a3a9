import { ServiceError } from '../../core/errors.ts';
import { readSignature } from '../../core/init/read-signature.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { connectMlflow } from '../connect-mlflow.ts';
import type { Surroundings } from '../surroundings.ts';

/** A run, with what its model's signature says where it has logged one; in the place of no run, why there is none. */
type LastRun =
  | { readonly run: TrackingRun; readonly signature?: ReturnType<typeof readSignature> }
  | { readonly none: string };

/** The newest run of an experiment that has ended well. */
export async function findLastRun(experiment: string, { env }: Pick<Surroundings, 'env'>): Promise<LastRun> {
  const uri = env['MLFLOW_TRACKING_URI'] ?? '';
  if (!/^https?:/.test(uri)) return { none: 'MLFLOW_TRACKING_URI names no server here' };
  try {
    const tracking = connectMlflow(uri, env);
    const runs = await tracking.findRuns(experiment, {});
    const run = runs.find(({ status }) => status === 'FINISHED');
    if (run === undefined)
      return {
        none: `no run of the experiment ${experiment} has ended well at ${uri}; --experiment names another`,
      };
    const model = run.modelUri === undefined ? undefined : await tracking.getModel(run.modelUri);
    return { run, ...(model?.signature !== undefined && { signature: readSignature(model.signature) }) };
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    return { none: thrown.problem.message };
  }
}
