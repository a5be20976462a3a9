import { DISPATCH_TYPES } from '../../core/names.ts';
import type { Brake, Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';

/** Traffic as it is once a brake is on. */
type Braked = {
  readonly model: string;
  readonly stored: StoredTraffic & { readonly traffic: Traffic & { readonly brake: Brake } };
};

/** Stores traffic with a brake on it, and reports that: both or neither. */
export function recordBrake(context: AgentContext, { model, stored }: Braked): void {
  const { store, log } = context;
  const { brake, revision, stable } = stored.traffic;
  const { rollout, version, code, explanation, at } = brake;
  store.transaction(() => {
    store.putTraffic(model, stored);
    report(
      context,
      // Revisions begin anew once a model was retired.
      { type: DISPATCH_TYPES.brake, model, step: `${rollout}/${version}/${revision}/${at}` },
      { rollout, version, code, explanation, at, ...(stable !== undefined && { to: stable }) },
    );
  });
  log.warn(`Braked ${model} version ${version} (${code}): ${explanation}`);
}
