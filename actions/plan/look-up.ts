import { messageOf } from '../../core/errors.ts';
import { isOfFork } from '../../core/plan/check-head.ts';
import type { EventFacts } from '../../core/plan/describe-event.ts';
import type { PlanInput } from '../../core/plan/plan-input.ts';
import type { GitHub, Log } from '../../core/ports.ts';

type Known = Pick<PlanInput, 'permissions' | 'pullRequest' | 'headUpdate' | 'changedFiles'>;

/** What the decision needs to know of GitHub beside the event itself. Without a token nobody has a role. */
export async function lookUp(
  { github, log }: { readonly github: GitHub | undefined; readonly log: Log },
  { users, pullRequest: number, effect, push }: EventFacts,
): Promise<Known> {
  if (github === undefined) return { permissions: {} };
  const permissions = await Promise.all(
    users.map(async (user) => [user, await github.permissionOf(user)] as const),
  );
  const pullRequest = number === undefined ? undefined : await github.getPullRequest(number);
  const headUpdate =
    effect === 'trains' && pullRequest !== undefined && !isOfFork(pullRequest)
      ? await orUndefined(log, 'When the head was pushed', () =>
          github.newestUpdate(pullRequest.headRepository, pullRequest.headBranch),
        )
      : undefined;
  const changedFiles =
    push && (await orUndefined(log, 'What was pushed', () => github.changedFiles(push.before, push.after)));
  return {
    permissions: Object.fromEntries(permissions),
    ...(pullRequest !== undefined && { pullRequest }),
    ...(headUpdate !== undefined && { headUpdate }),
    ...(changedFiles !== undefined && { changedFiles }),
  };
}

/** What can't be told is left open: whoever decides on it takes the safe side. */
async function orUndefined<T>(
  log: Pick<Log, 'warn'>,
  what: string,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    log.warn(`${what} can't be told: ${messageOf(thrown)}`);
    return undefined;
  }
}
