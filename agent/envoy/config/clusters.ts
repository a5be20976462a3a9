import { type Backend, clusterNames, type TrafficPlan } from '../traffic-plan.ts';
import { type Discovery, discover } from './discovery.ts';

const CONNECT_TIMEOUT_SECONDS = 2;

/** What one version may be asked at a time. */
export type ClusterSettings = {
  readonly maxBodyBytes: number;
  /** Requests one version may have open, and as many again waiting; more are answered 429 at once. */
  readonly maxInFlight: number;
};

/**
 * Three clusters per backend, of one host each, with limits of their own: a version that is overloaded takes nothing from another.
 * No outlier detection: to eject the only host of a version would turn its slow answers into refusals; taking traffic away from a
 * version is the rollout's decision.
 */
export function buildClusters(plan: TrafficPlan, settings: ClusterSettings): Discovery {
  const clusters = plan.backends.flatMap((backend) =>
    clusterNames(backend.model, backend.version).map((name) => buildCluster(name, backend, settings)),
  );
  return discover('envoy.config.cluster.v3.Cluster', clusters);
}

function buildCluster(name: string, backend: Backend, settings: ClusterSettings): object {
  const { maxInFlight } = settings;
  return {
    name,
    type: 'STATIC',
    connect_timeout: `${CONNECT_TIMEOUT_SECONDS}s`,
    per_connection_buffer_limit_bytes: settings.maxBodyBytes,
    circuit_breakers: {
      thresholds: [
        {
          max_connections: maxInFlight,
          max_pending_requests: maxInFlight,
          max_requests: maxInFlight,
          max_retries: 0,
        },
      ],
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: {
                address: { socket_address: { address: '127.0.0.1', port_value: backend.port } },
              },
            },
          ],
        },
      ],
    },
  };
}
