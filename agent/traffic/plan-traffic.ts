import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import type { Backend, Split, TrafficPlan } from '../envoy/traffic-plan.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { shareOut } from './share-out.ts';
import { unnamedModel } from './unnamed-model.ts';

/** Every version with a port is a backend, so that it can be verified before it takes traffic and drained after. */
const REACHABLE = new Set<StoredInstance['state']>(['starting', 'ready', 'draining']);

type Planned = Pick<AgentContext, 'store' | 'runtime'>;

/** What a plan is made of. */
type Stored = {
  readonly instances: ReturnType<AgentContext['store']['instances']>;
  readonly traffic: ReturnType<AgentContext['store']['traffic']>;
  readonly unnamed: string | undefined;
};

/**
 * Gives what the proxy is to do, from what is stored: the very same plan for as long as that has not changed, since every tick asks
 * for it.
 */
export function createPlanner({ store, runtime }: Planned): () => TrafficPlan {
  let last: (Stored & { readonly plan: TrafficPlan }) | undefined;
  return () => {
    const stored = { instances: store.instances(), traffic: store.traffic(), unnamed: unnamedModel(store) };
    const isSame =
      last?.instances === stored.instances &&
      last.traffic === stored.traffic &&
      last.unnamed === stored.unnamed;
    if (last === undefined || !isSame) last = { ...stored, plan: planTraffic(stored, runtime) };
    return last.plan;
  };
}

/** A version that is not ready leaves its share to the one that is. */
function planTraffic({ instances, traffic, unnamed }: Stored, runtime: Planned['runtime']): TrafficPlan {
  const backends = instances.flatMap(({ model, version, state, handle, isGivenUp, manifest }): Backend[] => {
    if (handle === undefined || isGivenUp === true || !REACHABLE.has(state)) return [];
    const timeoutSeconds = manifest.serving.responseTimeoutSeconds;
    return [{ model, version, port: runtime.port(handle), timeoutSeconds }];
  });
  const splits = Object.entries(traffic).map(([model, stored]) => toSplit(instances, model, stored.traffic));
  return { backends, splits, unnamed };
}

/** Where no version is known to be ready the stable one is asked all the same: it may be sooner than that is known. */
function toSplit(instances: readonly StoredInstance[], model: string, traffic: Traffic): Split {
  const { stable, candidate, shadow } = traffic;
  const shares = shareOut(instances, model, traffic);
  const isReady = instances.some(
    (one) => one.model === model && one.version === candidate && one.state === 'ready',
  );
  return {
    model,
    stable,
    candidate,
    candidatePercent: shares.find(({ version }) => version === candidate)?.given ?? 0,
    shadow: isReady && shadow,
    isAnswered: shares.some(({ given }) => given > 0),
  };
}
