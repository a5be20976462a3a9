import type { Environment } from '../config/config.ts';
import { addSeconds, type Instant } from '../instant.ts';

/** How a deploy job stays with a rollout: `true` leaves once it is under way, `false` stays, `auto` stays while it can. */
export const DETACH = ['auto', 'true', 'false'] as const;

/**
 * How long a job can work, in s. GitHub ends jobs on its own runners after 6 hours, and the token of a job on other runners after
 * 24: https://docs.github.com/en/actions/reference/limits and …/concepts/security/github_token
 */
const WORKS_FOR_SECONDS = { hosted: 6 * 3_600, own: 24 * 3_600 } as const;
/** What a job keeps of that time to leave in, in s. */
const TO_LEAVE_SECONDS = 1_800;

/** A job at its start, and the rollouts it may meet. */
type Stay = {
  readonly detach: (typeof DETACH)[number];
  readonly runner: keyof typeof WORKS_FOR_SECONDS;
  readonly startedAt: Instant;
  readonly rollout: Pick<Environment['rollout'], 'stageMinSeconds'>;
};

/**
 * When a job leaves a rollout that is under way: at once (`detach`), or at `leaveAt` while it still can. One that waits out no stage
 * in its time has nothing to wait for.
 */
export function planStay({ detach, runner, startedAt, rollout }: Stay): {
  readonly detach: boolean;
  readonly leaveAt?: Instant;
} {
  if (detach !== 'auto') return { detach: detach === 'true' };
  const seconds = WORKS_FOR_SECONDS[runner] - TO_LEAVE_SECONDS;
  if (rollout.stageMinSeconds >= seconds) return { detach: true };
  return { detach: false, leaveAt: addSeconds(startedAt, seconds) };
}
