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
 * for this job's. Looking never keeps a rollout waiting, nor a job that is done: `stop` ends it.
 */
export type Listener = { readonly isCalled: () => boolean; readonly stop: () => void };

/** For a job that keeps nobody waiting. */
export const DEAF: Listener = { isCalled: () => false, stop: () => undefined };

type ListenerPorts = {
  readonly github: Pick<GitHub, 'newestComments' | 'permissionOf'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
};

type Listening = {
  readonly startedAt: Instant;
  readonly config: Config;
  /** The comment that the job was asked for by, if it was: what came before it was not said to this job. */
  readonly askedBy: number | undefined;
};

/** Listens to what is commented in the repository from `startedAt` on. */
export function createListener(
  { github, clock, log }: ListenerPorts,
  { startedAt, config, askedBy = 0 }: Listening,
): Listener {
  const stopped = new AbortController();
  const from = addSeconds(startedAt, -EARLIER_SECONDS);
  // Numbers of comments rise: what is older than one that was looked at is no news, also where newer ones were deleted since.
  let lookedAtId = askedBy;
  let lookedAt: Instant | undefined;
  let isFirst = true;
  let isLooking = false;
  let isCalled = false;
  let hasFailed = false;
  const mayCall = async ({ user }: PostedComment): Promise<boolean> => {
    const permissions = { [user]: await github.permissionOf(user) };
    return checkPermissions({ config, permissions }, [user]) === undefined;
  };
  const look = async (): Promise<void> => {
    const comments = await github.newestComments(stopped.signal);
    // By their times only at first: two clocks need not agree on what comes later.
    const isNews = ({ id, at }: PostedComment) => id > lookedAtId && !(isFirst && isBefore(at, from));
    for (const comment of comments.filter(isNews).toSorted((a, b) => a.id - b.id)) {
      if (makesSafe(comment.body) && (await mayCall(comment))) {
        isCalled = true;
        log.info(
          `${comment.user} asks for what may wait for this runner: the job leaves the rollout to the hosts.`,
        );
        return;
      }
      lookedAtId = comment.id;
    }
    lookedAtId = Math.max(lookedAtId, ...comments.map(({ id }) => id));
    isFirst = false;
  };
  const lookOnce = async (): Promise<void> => {
    isLooking = true;
    try {
      await look();
    } catch (thrown) {
      if (!hasFailed && !stopped.signal.aborted)
        log.warn(`Who waits for this job's runner can't be told: ${messageOf(thrown)}`);
      hasFailed = true;
    } finally {
      isLooking = false;
    }
  };
  return {
    isCalled: () => {
      const now = clock.now();
      const isDue = lookedAt === undefined || secondsBetween(lookedAt, now) >= EVERY_SECONDS;
      if (!isCalled && !isLooking && !stopped.signal.aborted && isDue) {
        lookedAt = now;
        void lookOnce();
      }
      return isCalled;
    },
    stop: () => stopped.abort(),
  };
}
