import { ignore, type PlanDecision, refuse } from './decision.ts';
import { pushSchema } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { resolveOperation } from './resolve-operation.ts';

const SKIP = /\[(?:skip train|train skip)\]/i;
const DOCUMENT = /(?:^|\/)(?:docs?\/.*|[^/]+\.(?:md|markdown|rst|adoc)|LICENSE[^/]*|NOTICE[^/]*)$/i;

/** A push to the default branch trains that commit, unless it touches documents only or asks not to. */
export function planPush(input: PlanInput): PlanDecision {
  const read = pushSchema.safeParse(input.payload);
  if (!read.success)
    return refuse('bad-payload', "This push event can't be read.", 'Run the workflow by hand instead.');
  const push = read.data;
  if (push.ref !== `refs/heads/${input.defaultBranch}`) {
    return ignore(
      'not-default-branch',
      `${push.ref} is not the default branch; comment /train on its pull request.`,
    );
  }
  if (push.deleted || /^0+$/.test(push.after)) return ignore('branch-deleted', `${push.ref} was deleted.`);
  if (SKIP.test(push.head_commit?.message ?? '')) {
    return ignore('skip-requested', 'The commit message asks for no training.');
  }
  if (areDocuments(input.changedFiles)) return ignore('docs-only', 'The push changes documents only.');
  const url = push.compare ?? push.head_commit?.url;
  return resolveOperation(
    {
      operation: 'train',
      sha: push.after,
      parameters: {},
      cause: { kind: 'push', id: `push-${push.after}`, ...(url === undefined ? {} : { url }) },
      actor: input.actor,
      dryRun: false,
    },
    input.config,
    input.state,
  );
}

/** Whether only documents changed. Where nobody can tell what changed, something else may have. */
function areDocuments(paths: readonly string[] | undefined): boolean {
  return paths !== undefined && paths.length > 0 && paths.every((path) => DOCUMENT.test(path));
}
