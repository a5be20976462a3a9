import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import type { PresentHoldout } from '../../core/ledger/holdout/fix-holdout.ts';
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
  const sha = await requirePolicyCommit(request, ports);
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

/** A job that has checked out something else would judge by rules and examples that nobody has resolved. */
async function requirePolicyCommit({ plan }: GateRequest, { commit }: GatePorts): Promise<string> {
  const found = await commit();
  const { policySha } = plan;
  if (policySha === undefined || found === undefined || found === policySha) return policySha ?? found ?? '';
  throw new UserError([
    {
      code: 'other-policy-commit',
      message: `This job works on the commit ${found.slice(0, 12)}, and plan has resolved the policy at ${policySha.slice(0, 12)}.`,
      remedy: `Check out \`ref: \${{ needs.plan.outputs.policy-sha }}\` in this job.`,
    },
  ]);
}
