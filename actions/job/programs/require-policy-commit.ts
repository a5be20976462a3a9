import { UserError } from '../../../core/errors.ts';
import type { Plan } from '../handoff.ts';

const MOST_FILES = 5;

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

/** Throws a UserError unless a job is known to work on the commit of the policy: what it runs is that commit's word. */
export function requireKnownCommit(plan: Pick<Plan, 'policySha'>, found: string | undefined): void {
  requirePolicyCommit(plan, found);
  if (plan.policySha !== undefined && found !== undefined) return;
  const unknown =
    found === undefined ? 'what commit this job works on' : 'at which commit plan has read the policy';
  throw new UserError([
    {
      code: 'policy-commit-unknown',
      message: `Nobody knows ${unknown}, and data.fetch is run at the commit of the policy alone.`,
      remedy: `Check the repository out by git in the root of the workspace, with \`ref: \${{ needs.plan.outputs.policy-sha }}\`, and pass the output \`result\` of plan.`,
    },
  ]);
}

/** Throws a UserError where the data that were fetched have taken the place of files of the commit: these are judged by as they were reviewed. */
export function requireCommitKept(changed: readonly string[]): void {
  if (changed.length === 0) return;
  const named = changed.slice(0, MOST_FILES).join(', ');
  const more = changed.length > MOST_FILES ? ` and ${changed.length - MOST_FILES} more` : '';
  throw new UserError([
    {
      code: 'fetch-changed-commit',
      message: `data.fetch has changed what git keeps: ${named}${more}.`,
      remedy: 'Have it write elsewhere, or take these files out of git.',
    },
  ]);
}
