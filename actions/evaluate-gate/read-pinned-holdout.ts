import type { Holdout } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import { readFetched } from '../job/programs/fetch-data.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';

/**
 * The holdout of the workspace, as it is described and as it is. Rejects with a UserError when there is none, when it can't be read, or when
 * it is not the file that trainyard.yml names: in every phase, so that nothing is predicted that could not be judged.
 */
export async function readPinnedHoldout(
  { config, configFile }: GateRequest,
  { readHoldout, fetchData }: GatePorts,
): Promise<{ readonly holdout: Holdout; readonly held: HeldOut }> {
  const { holdout } = config.data;
  if (holdout === undefined) throw noHoldout(configFile);
  await fetchData(config.data);
  const held = await readFetched(config.data, () => readHoldout(holdout));
  const { digest: pinned } = holdout;
  if (pinned === undefined || pinned === held.digest) return { holdout, held };
  throw new UserError([
    {
      code: 'holdout-other-digest',
      message: `The holdout is ${held.digest}, and data.holdout.digest names ${pinned}.`,
      remedy: 'Put that file back, or name the new digest on the default branch.',
      where: { kind: 'file', file: configFile },
    },
  ]);
}

function noHoldout(file: string): UserError {
  return new UserError([
    {
      code: 'no-holdout',
      message: 'There is no holdout to compare models on.',
      remedy: 'Add data.holdout with the path of examples that no training sees.',
      where: { kind: 'file', file },
    },
  ]);
}
