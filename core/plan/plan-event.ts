import { ignore, type PlanDecision } from './decision.ts';
import { planComment } from './plan-comment.ts';
import { planDispatch } from './plan-dispatch.ts';
import type { PlanInput } from './plan-input.ts';
import { planManual } from './plan-manual.ts';
import { planPush } from './plan-push.ts';
import { planSchedule } from './plan-schedule.ts';

/**
 * What an event asks for, and whether it is given: an operation with everything later jobs need, or why not. Look up what
 * `describeEvent` names first.
 */
export function planEvent(input: PlanInput): PlanDecision {
  switch (input.eventName) {
    case 'push':
      return planPush(input);
    case 'issue_comment':
      return planComment(input);
    case 'repository_dispatch':
      return planDispatch(input);
    case 'workflow_dispatch':
      return planManual(input);
    case 'schedule':
      return planSchedule(input);
    default:
      return ignore('unsupported-event', `Trainyard does nothing on ${input.eventName}.`);
  }
}
