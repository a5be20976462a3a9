import { optional } from '../../core/config/optional.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import type { PresentHoldout } from '../../core/ledger/holdout/fix-holdout.ts';
import { requirePolicyCommit } from '../job/programs/require-policy-commit.ts';
import type { GatePorts, GateRequest } from './gate-context.ts';
import { readPinnedHoldout } from './read-pinned-holdout.ts';

/**
 * Reads the holdout of the default branch, at the commit that plan resolved, and says what the ledger has to know of it. Rejects with a
 * UserError when the job works on another commit, or the file is not the one that trainyard.yml names.
 */
export async function readPresentHoldout(
  request: GateRequest,
  ports: GatePorts,
): Promise<{ readonly held: HeldOut; readonly present: PresentHoldout }> {
  // Another commit has rules and examples that nobody has resolved.
  const sha = requirePolicyCommit(request.plan, await ports.commit());
  const { holdout, held } = await readPinnedHoldout(request, ports);
  const { path, target, id, group, time, slices, inputs, metrics, digest: pinned } = holdout;
  const declared = {
    ...{ sha, digest: held.digest, path, target, slices: [...slices], metrics: { ...metrics } },
    ...{ ...optional('id', id), ...optional('group', group), ...optional('time', time) },
    ...{ ...optional('inputs', inputs && [...inputs]), ...optional('pinned', pinned) },
    seen: request.plan.ledger?.events ?? 0,
  };
  return { held, present: { declared, isOfCommit: await ports.isOfCommit(path) } };
}
