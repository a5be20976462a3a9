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
  const { traffic } = stored;
  const { version, code, explanation } = traffic.brake;
  store.transaction(() => {
    store.putTraffic(model, stored);
    reportBrake(context, { model, traffic, brake: traffic.brake, times: 0 });
  });
  log.warn(`Braked ${model} version ${version} (${code}): ${explanation}`);
}

type Told = {
  readonly model: string;
  readonly traffic: Traffic;
  readonly brake: Brake;
  /** How often it was reported before. */
  readonly times: number;
};

/** Reports a brake. Each time is a report of its own: one that has led to an event is a replay. */
export function reportBrake(context: AgentContext, { model, traffic, brake, times }: Told): void {
  const { revision, stable } = traffic;
  const { rollout, version, code, explanation, at } = brake;
  // Revisions begin anew once a model was retired.
  const first = `${rollout}/${version}/${revision}/${at}`;
  report(
    context,
    { type: DISPATCH_TYPES.brake, model, step: times === 0 ? first : `${first}/${times}` },
    { rollout, version, code, explanation, at, ...(stable !== undefined && { to: stable }) },
  );
}
