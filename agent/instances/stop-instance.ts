import { err, ok, type Result } from '../../core/result.ts';
import type { Instance } from '../../core/serving/api.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import { toInstance } from '../store/stored-instance.ts';
import { noteStop } from './signed-orders.ts';

/** Marks a version for the end: it is stopped once its open requests are answered. One that takes traffic is refused. */
export function stopInstance(
  context: AgentContext,
  model: string,
  version: string,
): Result<Instance, Refusal> {
  const { store, clock } = context;
  const instance = store.getInstance(model, version);
  if (instance === undefined) {
    return err(
      new Refusal({
        status: 404,
        code: 'no-such-instance',
        message: `${model} version ${version} was never started here.`,
        remedy: 'See /v1/state.',
      }),
    );
  }
  const traffic = store.getTraffic(model)?.traffic;
  const isExposed =
    traffic?.stable === version ||
    (traffic?.candidate === version && (traffic.candidatePercent > 0 || traffic.shadow));
  if (isExposed) {
    const message = `${model} version ${version} takes traffic.`;
    return err(
      new Refusal({ status: 409, code: 'in-traffic', message, remedy: 'Set traffic without it first.' }),
    );
  }
  if (instance.state === 'draining' || instance.state === 'stopped') return ok(toInstance(instance));
  const at = clock.now();
  const draining = { ...instance, state: 'draining' as const, since: at };
  store.transaction(() => {
    store.putInstance(draining);
    noteStop(store, { model, version, at, ledger: traffic?.ledger });
  });
  return ok(toInstance(draining));
}
