import { err, ok, type Result } from '../../core/result.ts';
import type { Instance } from '../../core/serving/api.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import { toInstance } from '../store/stored-instance.ts';
import { giveUpUnnamed } from '../traffic/unnamed-model.ts';
import { noteStop } from './signed-orders.ts';

/**
 * Ends what a host does for a model: its requests find none from now on, and its versions stop once those that are open are
 * answered. Refused while a rollout is open, or when the traffic has another revision than the caller knew. What was counted and
 * captured goes when its time is over.
 */
export function retireModel(
  { store, clock }: AgentContext,
  model: string,
  expected: number | undefined,
): Result<readonly Instance[], Refusal> {
  const traffic = store.getTraffic(model)?.traffic;
  const instances = store.instances().filter((one) => one.model === model);
  if (traffic === undefined && instances.length === 0) return err(refuse('no-such-model', model));
  if (traffic?.revision !== expected) return err(refuse('revision-changed', model));
  if (traffic?.lease !== undefined && traffic.brake === undefined) return err(refuse('rollout-open', model));
  store.transaction(() => {
    store.deleteTraffic(model);
    giveUpUnnamed(store, model);
    for (const instance of instances) {
      if (instance.state === 'draining' || instance.state === 'stopped') continue;
      const at = clock.now();
      store.putInstance({ ...instance, state: 'draining', since: at });
      noteStop(store, { model, version: instance.version, at, ledger: traffic?.ledger });
    }
  });
  return ok(
    store
      .instances()
      .filter((one) => one.model === model)
      .map(toInstance),
  );
}

function refuse(code: 'no-such-model' | 'revision-changed' | 'rollout-open', model: string): Refusal {
  switch (code) {
    case 'no-such-model':
      return new Refusal({
        status: 404,
        code,
        message: `There is nothing of ${model} on this host.`,
        remedy: 'See /v1/state.',
      });
    case 'revision-changed':
      return new Refusal({
        status: 412,
        code,
        message: 'The traffic was changed meanwhile.',
        remedy: 'Read it again and decide anew.',
      });
    case 'rollout-open':
      return new Refusal({
        status: 409,
        code,
        message: `A rollout of ${model} is open on this host.`,
        remedy: 'End it with /rollback, or take it back by hand, first.',
      });
  }
}
