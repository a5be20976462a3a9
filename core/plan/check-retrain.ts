import { findRetrainBar } from '../monitor/find-retrain-bar.ts';
import { type Ignored, ignore, type Refused, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/**
 * Why a training that a report asks for is not given: the cool-down, the budget and what is on its way are looked at here, whatever the
 * asker made of them. What this same report asked for before stands against nothing, for it may be run again.
 */
export function checkRetrain(
  { config, state, now }: Pick<PlanInput, 'config' | 'state' | 'now'>,
  { id, environment }: { readonly id: string; readonly environment: string },
): Ignored | Refused | undefined {
  const { [id]: _own, ...trainings } = state.trainings;
  const retrains = state.retrains.filter(({ correlationId }) => correlationId !== id);
  const bar = findRetrainBar({
    now,
    ledger: { ...state, trainings, retrains },
    environment,
    policy: config.monitor,
    deliverySeconds: config.project.timeoutSeconds,
  });
  if (bar === undefined) return undefined;
  switch (bar.code) {
    case 'retrain-open':
    case 'rollout-open':
    case 'delivery-open':
      return ignore(bar.code, bar.message);
    case 'retrain-manual':
      return refuse(bar.code, bar.message, 'Comment /train, or set `monitor.retrain.automatic: true`.');
    case 'retrain-cooldown':
    case 'retrain-budget-spent':
      return refuse(
        bar.code,
        bar.message,
        'Comment /train if it is wanted all the same, or change `monitor.retrain`.',
      );
  }
}
