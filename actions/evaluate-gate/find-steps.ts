import type { ServingInput } from '../../core/config/config.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import { predictionsPath } from '../../core/gate/predictions-path.ts';
import { fetchVouched } from '../job/fetch-vouched.ts';
import type { Plan } from '../job/handoff.ts';
import type { GatePorts } from './gate-context.ts';

type Champion = NonNullable<Plan['champion']>;

/**
 * By which steps the champion takes pictures: those of the predictions that it passed its own gate by, which the ledger names. The
 * configuration at hand says how the challenger takes them. `undefined` where they are not known, byte for byte.
 */
export async function findSteps(
  ports: GatePorts,
  { runId, modelUri, ownGate }: Champion,
): Promise<ServingInput | undefined> {
  if (ownGate === undefined) return undefined;
  const { holdoutDigest, predictions } = ownGate;
  const stored = predictionsPath(modelUri, holdoutDigest, predictions);
  const file = ports.tempPath('steps-of-champion.parquet');
  try {
    const isVouched = await fetchVouched(ports, { runId, stored, digest: predictions }, file);
    if (isVouched) return await ports.readSteps(file);
    ports.log.warn(
      `The predictions by which run ${runId} passed are others by now: they say nothing of its pictures.`,
    );
  } catch (thrown) {
    ports.log.warn(
      `The predictions by which run ${runId} passed say nothing of its pictures: ${messageOf(thrown)}.`,
    );
  }
  return undefined;
}

/** What the runtime says where nobody has told it how pictures are taken: of the champion that is another fault than of the file. */
export function toldOfSteps(thrown: unknown, version: string): unknown {
  if (!(thrown instanceof UserError)) return thrown;
  const [problem] = thrown.problems;
  if (problem?.code !== 'holdout-without-steps') return thrown;
  const told = {
    code: 'champion-other-steps',
    message: `The holdout holds pictures, and nothing that the ledger names says by which steps the champion, version ${version}, takes them: asked by those of serving.input, which are the challenger’s, it could be another model.`,
    remedy:
      'Judge by what is kept of it: models.champion: stored in trainyard.yml of the default branch. Or restore the predictions of its own gate in its run (trainyard/predictions); or keep the holdout as arrays (.npz), which need no steps.',
  };
  return new UserError([told], { cause: thrown });
}
