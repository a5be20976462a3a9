import { UserError } from '../../../core/errors.ts';
import type { Plan } from '../handoff.ts';

/** Gives the commit that a job works on, which is that of the policy. Throws a UserError where plan has resolved another one. */
export function requirePolicyCommit(
  { policySha }: Pick<Plan, 'policySha'>,
  found: string | undefined,
): string {
  if (policySha === undefined || found === undefined || found === policySha) return policySha ?? found ?? '';
  throw new UserError([
    {
      code: 'other-policy-commit',
      message: `This job works on the commit ${found.slice(0, 12)}, and plan has resolved the policy at ${policySha.slice(0, 12)}.`,
      remedy: `Check out \`ref: \${{ needs.plan.outputs.policy-sha }}\` in this job.`,
    },
  ]);
}
