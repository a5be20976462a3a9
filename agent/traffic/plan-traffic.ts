import type { Backend, TrafficPlan } from '../envoy/traffic-plan.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import type { StoredTraffic } from '../store/stored-traffic.ts';

/** Every version with a port is a backend, so that it can be verified before it takes traffic and drained after. */
const REACHABLE = new Set<StoredInstance['state']>(['starting', 'ready', 'draining']);

/** What the proxy is to do, from what is stored. A candidate that is being started again gets nothing until it is ready. */
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
  const splits = Object.entries(traffic).map(
    ([
      model,
      {
        traffic: { stable, candidate, candidatePercent, shadow },
      },
    ]) => {
      const isReady = instances.some(
        (one) => one.model === model && one.version === candidate && one.state === 'ready',
      );
      return {
        model,
        stable,
        candidate,
        candidatePercent: isReady ? candidatePercent : 0,
        shadow: isReady && shadow,
      };
    },
  );
  return { backends, splits };
}
