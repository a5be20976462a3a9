import type { Config } from '../../core/config/config.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, type Instant, isBefore, secondsBetween } from '../../core/instant.ts';
import { checkPermissions } from '../../core/plan/check-permissions.ts';
import { makesSafe } from '../../core/plan/commands/makes-safe.ts';
import type { Clock, GitHub, Log, PostedComment } from '../../core/ports.ts';

/** Comments are asked for no more often than this, in s. */
const EVERY_SECONDS = 10;
/** What was said so long before the job began may have been said to it, in s: clocks differ, and a job begins before its first look. */
const EARLIER_SECONDS = 30;

/**
 * Hears, for a job that stays on its runner, whether somebody who may asks for what makes safe. Where there is one runner, that waits
 * for this job's. Looking never keeps a rollout waiting.
 */
export type Listener = { readonly isCalled: () => boolean };

/** For a job that keeps nobody waiting. */
export const DEAF: Listener = { isCalled: () => false };

type ListenerPorts = {
  readonly github: Pick<GitHub, 'newestComments' | 'permissionOf'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
};

/** Listens to what is commented in the repository from `startedAt` on. */
export function createListener(
  { github, clock, log }: ListenerPorts,
  { startedAt, config }: { readonly startedAt: Instant; readonly config: Config },
): Listener {
  const heard = new Set<number>();
  const from = addSeconds(startedAt, -EARLIER_SECONDS);
  let caller: string | undefined;
  let lookedAt: Instant | undefined;
  let isFirst = true;
  let hasFailed = false;
  const mayCall = async ({ user }: PostedComment): Promise<boolean> => {
    const permissions = { [user]: await github.permissionOf(user) };
    return checkPermissions({ config, permissions }, [user]) === undefined;
  };
  const look = async (): Promise<void> => {
    const comments = await github.newestComments();
    // By their times only at first: two clocks need not agree on what comes later.
    const isOld = ({ id, at }: PostedComment) => heard.has(id) || (isFirst && isBefore(at, from));
    const fresh = comments.filter((comment) => !isOld(comment));
    for (const { id } of comments) heard.add(id);
    isFirst = false;
    for (const comment of fresh) {
      if (caller !== undefined || !makesSafe(comment.body) || !(await mayCall(comment))) continue;
      caller = comment.user;
      log.info(
        `${caller} asks for what may wait for this job's runner: the job leaves the rollout to the hosts.`,
      );
    }
  };
  return {
    isCalled: () => {
      const now = clock.now();
      const isDue = lookedAt === undefined || secondsBetween(lookedAt, now) >= EVERY_SECONDS;
      if (caller === undefined && isDue) {
        lookedAt = now;
        look().catch((thrown: unknown) => {
          if (!hasFailed)
            log.warn(
              `Comments can't be read, so this job can't see who waits for its runner: ${messageOf(thrown)}`,
            );
          hasFailed = true;
        });
      }
      return caller !== undefined;
    },
  };
}
