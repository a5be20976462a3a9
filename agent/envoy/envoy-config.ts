import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PIN_HEADER, VERSION_HEADER } from '../../core/names.ts';
import { LATENCY_EDGES } from './latency-edges.ts';
import { type Backend, clusterName, pinnedClusterName, type TrafficPlan } from './traffic-plan.ts';

/** Weights are in hundredths of a percent. */
const TOTAL_WEIGHT = 10_000;
const CONNECT_TIMEOUT_SECONDS = 2;
/** A client has this long to send its whole request, in s. */
const REQUEST_TIMEOUT_SECONDS = 60;
/** Time on top of the model's own limit before the proxy gives up on an answer, in s. */
const TIMEOUT_SLACK_SECONDS = 5;
const MAX_CONNECTIONS = 10_000;

const TYPE = 'type.googleapis.com';
const API = { resource_api_version: 'V3' } as const;

export type EnvoySettings = {
  /** Holds the configuration, the admin socket and the log. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** Requests one version may have open, and as many again waiting; more are answered 429 at once. */
  readonly maxInFlight: number;
  /** Requests with the same value of this header get the same version while the weights hold; by chance each when absent. */
  readonly stickyHeader?: string | undefined;
};

/** A document Envoy watches: its text, and the version it reports once it runs on it. */
export type Discovery = { readonly text: string; readonly version: string };

/** The static part: where the watched files are, an admin socket only this user can open, and the histogram's edges. */
export function buildBootstrap(settings: EnvoySettings): string {
  const { folder } = settings;
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
            '@type': `${TYPE}/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`,
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

/** The one listener, with its routes in a file of their own so that a shift of traffic closes no connection. */
export function buildListeners(settings: EnvoySettings): Discovery {
  const manager = {
    '@type': `${TYPE}/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'predictions',
    rds: { route_config_name: 'predictions', config_source: watched(settings.folder, 'rds.json') },
    use_remote_address: true,
    normalize_path: true,
    preserve_external_request_id: true,
    always_set_request_id_in_response: true,
    server_header_transformation: 'PASS_THROUGH',
    request_headers_timeout: '10s',
    request_timeout: `${REQUEST_TIMEOUT_SECONDS}s`,
    local_reply_config: { mappers: [refuseOverflow()] },
    http_filters: [
      {
        name: 'envoy.filters.http.buffer',
        typed_config: {
          '@type': `${TYPE}/envoy.extensions.filters.http.buffer.v3.Buffer`,
          max_request_bytes: settings.maxBodyBytes,
        },
      },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPE}/envoy.extensions.filters.http.router.v3.Router` },
      },
    ],
  };
  return discover('envoy.config.listener.v3.Listener', [
    {
      name: 'predictions',
      address: { socket_address: { address: settings.address, port_value: settings.port } },
      per_connection_buffer_limit_bytes: settings.maxBodyBytes,
      filter_chains: [
        { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
      ],
    },
  ]);
}

/** A version at its limit of open requests says so (UO, "upstream overflow"): to be sent again a little later, or elsewhere. */
function refuseOverflow(): object {
  const text = JSON.stringify({
    code: 'too-many-requests',
    message: 'The version has as many open requests as it may.',
  });
  return {
    filter: { response_flag_filter: { flags: ['UO'] } },
    status_code: 429,
    body: { inline_string: text },
    body_format_override: {
      text_format_source: { inline_string: '%LOCAL_REPLY_BODY%' },
      content_type: 'application/json',
    },
    headers_to_add: [
      { header: { key: 'retry-after', value: '1' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ],
  };
}

/**
 * Two clusters per backend, of one host each, with limits of their own: a version that is overloaded takes nothing from another. No outlier detection: to eject the only host of a version would turn its
 * slow answers into refusals; taking traffic away from a version is the rollout's decision.
 */
export function buildClusters(plan: TrafficPlan, settings: EnvoySettings): Discovery {
  const clusters = plan.backends.flatMap((backend) =>
    [clusterName, pinnedClusterName].map((nameOf) =>
      buildCluster(nameOf(backend.model, backend.version), backend, settings),
    ),
  );
  return discover('envoy.config.cluster.v3.Cluster', clusters);
}

function buildCluster(name: string, backend: Backend, settings: EnvoySettings): object {
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

/** Per model: a version pinned by header, else the split by weight. Predictions are never retried: they may not be repeatable. */
export function buildRoutes(
  plan: TrafficPlan,
  { stickyHeader }: Pick<EnvoySettings, 'stickyHeader'> = {},
): Discovery {
  const routesOf = (model: string, path: string) => routesOfPath(plan, model, path, stickyHeader);
  const routed = plan.splits.filter((split) => hasBackend(plan, split.model, split.stable));
  const only = plan.splits.length === 1 ? routed[0] : undefined;
  const routes = [
    answer('/ping', 200, 'ok'),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/predictions/${model}`)),
    ...modelNames(plan).flatMap((model) => routesOf(model, `/invocations/${model}`)),
    ...(only === undefined ? [] : routesOf(only.model, '/invocations')),
    { match: { prefix: '/' }, ...direct(404, 'no-such-model', 'No model is served at this path.') },
  ];
  return discover('envoy.config.route.v3.RouteConfiguration', [
    { name: 'predictions', virtual_hosts: [{ name: 'predictions', domains: ['*'], routes }] },
  ]);
}

function routesOfPath(
  plan: TrafficPlan,
  model: string,
  path: string,
  stickyHeader: string | undefined,
): readonly object[] {
  const backends = plan.backends.filter((backend) => backend.model === model);
  const action = {
    prefix_rewrite: `/predictions/${model}`,
    timeout: `${Math.max(0, ...backends.map(({ timeoutSeconds }) => timeoutSeconds)) + TIMEOUT_SLACK_SECONDS}s`,
  };
  const pinned = backends.map(({ version }) => ({
    match: { path, headers: [{ name: PIN_HEADER, string_match: { exact: version } }] },
    route: { ...action, cluster: pinnedClusterName(model, version) },
    response_headers_to_add: [versionHeader(version)],
  }));
  const unknownPin = {
    match: { path, headers: [{ name: PIN_HEADER, present_match: true }] },
    ...direct(404, 'no-such-version', 'The pinned version is not served on this host.'),
  };
  return [...pinned, unknownPin, { match: { path }, ...splitAction(plan, model, action, stickyHeader) }];
}

/**
 * The stable version's share comes first: as a candidate's grows from stage to stage, those who have it keep it. Without the
 * sticky header in a request, chance decides.
 */
function splitAction(
  plan: TrafficPlan,
  model: string,
  action: object,
  stickyHeader: string | undefined,
): object {
  const split = plan.splits.find((candidate) => candidate.model === model);
  if (split?.stable === undefined || !hasBackend(plan, model, split.stable)) {
    return direct(503, 'no-stable-version', 'No version of this model takes traffic on this host yet.');
  }
  const candidate = hasBackend(plan, model, split.candidate) ? split.candidate : undefined;
  const weight = candidate === undefined ? 0 : Math.round((split.candidatePercent * TOTAL_WEIGHT) / 100);
  const clusters = [
    { version: split.stable, weight: TOTAL_WEIGHT - weight },
    ...(candidate === undefined ? [] : [{ version: candidate, weight }]),
  ].map(({ version, weight }) => ({
    name: clusterName(model, version),
    weight,
    response_headers_to_add: [versionHeader(version)],
  }));
  const mirror =
    split.shadow && candidate !== undefined
      ? { request_mirror_policies: [{ cluster: clusterName(model, candidate) }] }
      : {};
  const sticky =
    stickyHeader === undefined ? {} : { hash_policy: [{ header: { header_name: stickyHeader } }] };
  const weighted = { clusters, ...(stickyHeader !== undefined && { use_hash_policy: true }) };
  return { route: { ...action, ...mirror, ...sticky, weighted_clusters: weighted } };
}

function hasBackend(plan: TrafficPlan, model: string, version: string | undefined): boolean {
  return plan.backends.some((backend) => backend.model === model && backend.version === version);
}

function modelNames(plan: TrafficPlan): readonly string[] {
  const names = [...plan.splits, ...plan.backends].map(({ model }) => model);
  return [...new Set(names)].toSorted();
}

function versionHeader(version: string): object {
  return {
    header: { key: VERSION_HEADER, value: version },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  };
}

function answer(path: string, status: number, text: string): object {
  return { match: { path }, direct_response: { status, body: { inline_string: text } } };
}

function direct(status: number, code: string, message: string): object {
  const text = JSON.stringify({ code, message });
  return {
    direct_response: { status, body: { inline_string: text } },
    response_headers_to_add: [
      {
        header: { key: 'content-type', value: 'application/json' },
        append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
      },
    ],
  };
}

function watched(folder: string, file: string): object {
  return { path_config_source: { path: join(folder, file), watched_directory: { path: folder } }, ...API };
}

function discover(type: string, resources: readonly object[]): Discovery {
  const typed = resources.map((resource) => ({ '@type': `${TYPE}/${type}`, ...resource }));
  const version = createHash('sha256').update(JSON.stringify(typed)).digest('hex').slice(0, 16);
  return { text: JSON.stringify({ version_info: version, resources: typed }), version };
}
