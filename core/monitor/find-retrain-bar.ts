import type { Monitor } from '../config/config.ts';
import { type Instant, secondsBetween } from '../instant.ts';
import { findDelivery } from '../ledger/find-delivery.ts';
import { environmentOf, type LedgerState, openTrainings } from '../ledger/state.ts';
import { formatCount, formatDuration } from '../report/format-number.ts';

/** What stands against a training that nobody asked for by hand. */
type RetrainBar = {
  readonly code:
    | 'retrain-open'
    | 'rollout-open'
    | 'delivery-open'
    | 'retrain-manual'
    | 'retrain-cooldown'
    | 'retrain-budget-spent';
  readonly message: string;
};

type Retraining = {
  readonly now: Instant;
  readonly ledger: LedgerState;
  readonly environment: string;
  readonly policy: Pick<Monitor, 'retrain'>;
  /** How long a trained model may be on its way to a rollout before its jobs are taken for lost, in seconds. */
  readonly deliverySeconds: number;
};

/**
 * Why no training may begin by itself now: a model is on its way, they are switched off, or the cool-down or the budget says no. The
 * monitor asks this before it asks for one, and plan before it gives one to whoever asks.
 */
export function findRetrainBar(retraining: Retraining): RetrainBar | undefined {
  return findModelOnItsWay(retraining) ?? findSpent(retraining);
}

/** A model asked for earlier may cure the trouble: another one is not asked for until it has come to its end. */
function findModelOnItsWay(retraining: Retraining): RetrainBar | undefined {
  const { ledger, environment, now, deliverySeconds } = retraining;
  const open = openTrainings(ledger)[0];
  if (open !== undefined) {
    const message = `A training is open since ${open.requestedAt} (${open.correlationId}); one at a time.`;
    return { code: 'retrain-open', message };
  }
  const { rollout } = environmentOf(ledger, environment);
  if (rollout !== undefined) {
    const message = `Version ${rollout.version} is being rolled out; a training waits until that has ended.`;
    return { code: 'rollout-open', message };
  }
  const delivery = findDelivery(ledger, now, deliverySeconds);
  if (delivery === undefined) return undefined;
  const message = `The training ${delivery.correlationId} ended at ${delivery.finishedAt} and its model is on its way to a rollout.`;
  return { code: 'delivery-open', message };
}

function findSpent({ ledger, policy, now }: Retraining): RetrainBar | undefined {
  const { automatic, cooldownSeconds, atMost } = policy.retrain;
  if (!automatic) {
    const message = `Automatic trainings are switched off: comment \`/train ${ledger.model}\` to start one.`;
    return { code: 'retrain-manual', message };
  }
  const secondsAgo = ledger.retrains.map(({ at }) => secondsBetween(at, now));
  const last = Math.min(...secondsAgo);
  if (last < cooldownSeconds) {
    const message = `The last automatic training was ${formatDuration(last)} ago; the next may start in ${formatDuration(cooldownSeconds - last)}.`;
    return { code: 'retrain-cooldown', message };
  }
  const { count, perSeconds } = atMost;
  const spent = secondsAgo.filter((seconds) => seconds < perSeconds).length;
  if (spent < count) return undefined;
  const message =
    `The budget of ${formatCount(count)} automatic trainings in ${formatDuration(perSeconds)} is spent and the trouble is not gone: ` +
    'training again on the same data will not help.';
  return { code: 'retrain-budget-spent', message };
}
