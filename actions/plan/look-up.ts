import { messageOf } from '../../core/errors.ts';
import { isOfFork } from '../../core/plan/check-head.ts';
import type { EventFacts } from '../../core/plan/describe-event.ts';
import type { PlanInput } from '../../core/plan/plan-input.ts';
import type { GitHub, Log } from '../../core/ports.ts';

type Known = Pick<
  PlanInput,
  'permissions' | 'pullRequest' | 'headUpdate' | 'changedFiles' | 'pushedConfiguration'
>;

/** What the decision needs to know of GitHub beside the event itself; `file` is the configuration. Without a token nobody has a role. */
export async function lookUp(
  { github, log }: { readonly github: GitHub | undefined; readonly log: Log },
  { users, pullRequest: number, effect, push }: EventFacts,
  file: string,
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
  const configuration =
    push && changedFiles?.includes(file)
      ? await orUndefined(log, `What ${file} said before`, () => readPushed(github, push, file))
      : undefined;
  return {
    permissions: Object.fromEntries(permissions),
    ...(pullRequest !== undefined && { pullRequest }),
    ...(headUpdate !== undefined && { headUpdate }),
    ...(changedFiles !== undefined && { changedFiles }),
    ...(configuration !== undefined && { pushedConfiguration: configuration }),
  };
}

/** The configuration as a push found and left it; `undefined` where it was not there, or is there no more. */
async function readPushed(
  github: Pick<GitHub, 'readFile'>,
  push: NonNullable<EventFacts['push']>,
  file: string,
): Promise<PlanInput['pushedConfiguration']> {
  const [before, after] = await Promise.all([
    github.readFile(file, push.before),
    github.readFile(file, push.after),
  ]);
  return before === undefined || after === undefined ? undefined : { file, before, after };
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
