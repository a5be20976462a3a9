import { join } from 'node:path';
import { LATENCY_EDGES } from '../latency-edges.ts';
import { typeUrl, watched } from './discovery.ts';

/** So many connections are open at most; whoever comes then is turned away. */
export const MAX_CONNECTIONS = 10_000;

/** The static part: where the watched files are, an admin socket only this user can open, and the histogram's edges. */
export function buildBootstrap({ folder }: { readonly folder: string }): string {
  return JSON.stringify({
    node: { id: 'trainyard', cluster: 'trainyard' },
    admin: { address: { pipe: { path: adminSocket(folder), mode: 0o600 } } },
    dynamic_resources: { lds_config: watched(folder, 'lds.json'), cds_config: watched(folder, 'cds.json') },
    stats_flush_on_admin: true,
    stats_config: {
      histogram_bucket_settings: [{ match: { suffix: 'upstream_rq_time' }, buckets: LATENCY_EDGES }],
    },
    overload_manager: {
      resource_monitors: [
        {
          name: 'envoy.resource_monitors.global_downstream_max_connections',
          typed_config: {
            '@type': typeUrl(
              'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
            ),
            max_active_downstream_connections: MAX_CONNECTIONS,
          },
        },
      ],
    },
  });
}

/** Unix socket of Envoy's admin interface: reading counters and nothing else is what the agent does with it. */
export function adminSocket(folder: string): string {
  return join(folder, 'admin.sock');
}
