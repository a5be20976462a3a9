import type { Environment } from '../config/config.ts';
import { addSeconds, type Instant } from '../instant.ts';
import { formatDuration } from '../report/format-number.ts';

/** How a deploy job stays with a rollout: `true` leaves once it is under way, `false` stays, `auto` stays while it can. */
export const DETACH = ['auto', 'true', 'false'] as const;

/**
 * How long a job can work, in s. GitHub ends jobs on its own runners after 6 hours, and the token of a job on other runners after
 * 24: https://docs.github.com/en/actions/reference/limits and …/concepts/security/github_token
 */
const WORKS_FOR_SECONDS = { hosted: 6 * 3_600, own: 24 * 3_600 } as const;
/** What a job keeps of that time to leave in, in s. */
const TO_LEAVE_SECONDS = 1_800;
/** A rollback that waits so long for a runner is late, in s. */
const LATE_SECONDS = 90;

/** A job at its start, and the rollouts it may meet. */
type Stay = {
  readonly detach: (typeof DETACH)[number];
  readonly runner: keyof typeof WORKS_FOR_SECONDS;
  readonly startedAt: Instant;
  readonly settings: Pick<Environment, 'shadowSeconds'> & {
    readonly rollout: Pick<Environment['rollout'], 'stages' | 'stageMinSeconds'>;
  };
};

/**
 * When a job leaves a rollout that is under way: at once (`detach`), or at `leaveAt` while it still can. One that waits out no stage
 * in its time has nothing to wait for. On a runner of one's own, of which there may be one only, it `listens` for those who need that;
 * `warning` says what a job that stays in any case keeps waiting.
 */
export function planStay({ detach, runner, startedAt, settings }: Stay): {
  readonly detach: boolean;
  readonly leaveAt?: Instant;
  readonly listens: boolean;
  readonly warning?: string;
} {
  const seconds = WORKS_FOR_SECONDS[runner] - TO_LEAVE_SECONDS;
  const hasNothingToWaitFor = detach === 'auto' && settings.rollout.stageMinSeconds >= seconds;
  if (detach === 'true' || hasNothingToWaitFor) return { detach: true, listens: false };
  const listens = detach === 'auto' && runner === 'own';
  const warning = listens ? undefined : warnOfWait(runner, settings);
  return {
    detach: false,
    listens,
    ...(detach === 'auto' && { leaveAt: addSeconds(startedAt, seconds) }),
    ...(warning !== undefined && { warning }),
  };
}

/** GitHub's own runners are made for each job; of one's own there are as many as were started. */
function warnOfWait(
  runner: Stay['runner'],
  { rollout: { stages, stageMinSeconds }, shadowSeconds }: Stay['settings'],
): string | undefined {
  const seconds = stages.length * stageMinSeconds + shadowSeconds;
  if (runner === 'hosted' || seconds <= LATE_SECONDS) return undefined;
  return `This job keeps its runner for ${formatDuration(seconds)} at least, and /rollback waits until another one with these labels is free. Start two or more of them (they may share a machine), or pass no \`detach: "false"\` to pipeline.yml.`;
}
