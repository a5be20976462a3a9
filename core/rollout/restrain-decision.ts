import { type Instant, secondsBetween } from '../instant.ts';
import { type Rollout, secondsHeld } from '../ledger/state.ts';
import { formatDuration } from '../report/format-number.ts';
import type { RolloutDecision } from './decide-rollout.ts';
import type { Obstacle } from './find-obstacle.ts';
import { findHoldEnd } from './find-overdue.ts';
import type { RolloutPlan } from './rollout-plan.ts';

/** A decision on evidence, or what people and the ledger make of it. */
export type RestrainedDecision =
  | RolloutDecision
  | (Pick<RolloutDecision, 'reasons' | 'explanation'> &
      (
        | { readonly kind: 'hold'; readonly code: Obstacle['code'] }
        | { readonly kind: 'rollback'; readonly code: Obstacle['code'] | 'hold-expired' }
      ));

type Restraint = {
  readonly rollout: Rollout;
  readonly obstacle: Obstacle | undefined;
  readonly plan: Pick<RolloutPlan, 'deadlineSeconds'>;
  readonly now: Instant;
};

/**
 * What becomes of a decision where more than evidence counts. An obstacle keeps the candidate where it is until the deadline, and takes
 * it back then; one that was compared with another champion is taken back at once. A person's hold lasts for one deadline at most.
 */
export function restrainDecision(
  decision: RolloutDecision,
  { rollout, obstacle, plan, now }: Restraint,
): RestrainedDecision {
  const { reasons } = decision;
  if (decision.kind === 'rollback') return decision;
  if (obstacle?.code === 'other-champion') return { kind: 'rollback', reasons, ...obstacle };
  const holdEnd = findHoldEnd(rollout, plan, now);
  if (holdEnd !== undefined) return { kind: 'rollback', reasons, ...holdEnd };
  const isRaised =
    decision.kind === 'advance' || decision.kind === 'promote' || isFirstStep(decision, rollout);
  if (obstacle === undefined || !isRaised) return decision;
  const { code, explanation } = obstacle;
  const { deadlineSeconds } = plan;
  if (secondsBetween(rollout.startedAt, now) - secondsHeld(rollout, now) < deadlineSeconds) {
    return { kind: 'hold', code, reasons, explanation: `Held: ${explanation}` };
  }
  const late = `The deadline of ${formatDuration(deadlineSeconds)} has passed. ${explanation}`;
  return { kind: 'rollback', code, reasons, explanation: late };
}

/** Out of the dark a candidate gets its first share without evidence. */
function isFirstStep({ kind }: RolloutDecision, { percent }: Rollout): boolean {
  return kind === 'continue' && percent === 0;
}
