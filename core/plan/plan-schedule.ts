import type { PlanDecision } from './decision.ts';
import type { PlanInput } from './plan-input.ts';
import { resolveOperation } from './resolve-operation.ts';

/** A schedule runs the monitor. Its payload says nothing that could be relied on. */
export function planSchedule({ runId, actor, sha, config, state }: PlanInput): PlanDecision {
  const cause = { kind: 'schedule', id: `schedule-${runId}` } as const;
  return resolveOperation(
    { operation: 'monitor', sha, parameters: {}, cause, actor, dryRun: false },
    config,
    state,
  );
}
