import { type Instant, secondsBetween } from '../instant.ts';
import { type Rollout, secondsHeld } from '../ledger/state.ts';
import { formatDuration } from '../report/format-number.ts';
import type { RolloutPlan } from './rollout-plan.ts';

/** After the deadline a rollout without its data is held for this share of the deadline, then rolled back if so planned. */
const HOLD_BEFORE_ROLLBACK = 0.25;

/** Why a rollout has to end, whatever else is known of it. */
type Overdue = { readonly code: 'deadline-passed' | 'hold-expired'; readonly explanation: string };

/** How long a rollout may be open, time on hold by a person not counted, until it is rolled back for want of data; in s. */
export function longestSeconds({ deadlineSeconds }: Pick<RolloutPlan, 'deadlineSeconds'>): number {
  return (1 + HOLD_BEFORE_ROLLBACK) * deadlineSeconds;
}

/** Why the hold of a person is over: it lasts for one deadline at most. */
export function findHoldEnd(
  { held }: Pick<Rollout, 'held'>,
  { deadlineSeconds }: Pick<RolloutPlan, 'deadlineSeconds'>,
  now: Instant,
): (Overdue & { readonly code: 'hold-expired' }) | undefined {
  if (held?.code !== 'held' || secondsBetween(held.at, now) < deadlineSeconds) return undefined;
  const explanation = `${held.actor} held it for ${formatDuration(deadlineSeconds)}, the longest that a hold lasts, and nobody let it go on.`;
  return { code: 'hold-expired', explanation };
}

/**
 * Why an open rollout should have ended by now, told from its times alone: whoever looks after it would have ended it. `undefined` where
 * it may still be open, as one that is to be held for want of data may for ever.
 */
export function findOverdue(
  rollout: Rollout,
  plan: Pick<RolloutPlan, 'deadlineSeconds' | 'onNoData'>,
  now: Instant,
): Overdue | undefined {
  if (rollout.held?.code === 'held') return findHoldEnd(rollout, plan, now);
  const openSeconds = secondsBetween(rollout.startedAt, now) - secondsHeld(rollout, now);
  if (plan.onNoData === 'hold' || openSeconds <= longestSeconds(plan)) return undefined;
  const explanation =
    `Rolled back without proof of harm: the deadline of ${formatDuration(plan.deadlineSeconds)} has passed, ` +
    `and it was open for ${formatDuration(openSeconds)}.`;
  return { code: 'deadline-passed', explanation };
}
