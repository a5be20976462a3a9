import type { Traffic } from '../../core/serving/api.ts';
import type { AgentContext } from '../context.ts';
import type { Backend, Split, TrafficPlan } from '../envoy/traffic-plan.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { shareOut } from './share-out.ts';
import { unnamedModel } from './unnamed-model.ts';

/** Every version with a port is a backend, so that it can be verified before it takes traffic and drained after. */
const REACHABLE = new Set<StoredInstance['state']>(['starting', 'ready', 'draining']);

/** What the proxy is to do, from what is stored: a version that is not ready leaves its share to the one that is. */
export function planTraffic({ store, runtime }: Pick<AgentContext, 'store' | 'runtime'>): TrafficPlan {
  const instances = store.instances();
  const backends = instances.flatMap(({ model, version, state, handle, isGivenUp, manifest }): Backend[] => {
    if (handle === undefined || isGivenUp === true || !REACHABLE.has(state)) return [];
    const timeoutSeconds = manifest.serving.responseTimeoutSeconds;
    return [{ model, version, port: runtime.port(handle), timeoutSeconds }];
  });
  const splits = Object.entries(store.traffic()).map(([model, { traffic }]) =>
    toSplit(instances, model, traffic),
  );
  return { backends, splits, unnamed: unnamedModel(store) };
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
