import type { Traffic } from '../../core/serving/api.ts';
import type { Backend, Split, TrafficPlan } from '../envoy/traffic-plan.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';
import { shareOut } from './share-out.ts';

/** Every version with a port is a backend, so that it can be verified before it takes traffic and drained after. */
const REACHABLE = new Set<StoredInstance['state']>(['starting', 'ready', 'draining']);

/** What the proxy is to do, from what is stored: a version that is not ready leaves its share to the one that is. */
export function planTraffic(
  instances: readonly StoredInstance[],
  traffic: Readonly<Record<string, StoredTraffic>>,
  runtime: Pick<Runtime, 'port'>,
): TrafficPlan {
  const backends = instances.flatMap(({ model, version, state, handle, isGivenUp, manifest }): Backend[] => {
    if (handle === undefined || isGivenUp === true || !REACHABLE.has(state)) return [];
    const timeoutSeconds = manifest.serving.responseTimeoutSeconds;
    return [{ model, version, port: runtime.port(handle), timeoutSeconds }];
  });
  const splits = Object.entries(traffic).map(([model, stored]) => toSplit(instances, model, stored.traffic));
  return { backends, splits };
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
  };
}
