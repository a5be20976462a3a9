import { logRequests } from '../request-log.ts';
import { USER_LOG_FORMAT, userLogFile } from '../user-log.ts';
import { shareConnections } from './client-shares.ts';
import { type Discovery, discover, typeUrl, watched } from './discovery.ts';
import { refusal } from './route-parts.ts';

/** A client has this long to send its whole request, in s. */
const REQUEST_TIMEOUT_SECONDS = 60;
/** And this long for its headers, from their first letter, in s. */
const HEADERS_TIMEOUT_SECONDS = 10;
/** A connection stays open so long before a request and between two, in s: longer than the minute that balancers keep theirs. */
const IDLE_TIMEOUT_SECONDS = 75;

/** Where the proxy listens, and how much it takes of one request. */
export type ListenerSettings = {
  /** Holds the configuration, the admin socket and the log. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** So many connections one client may have. */
  readonly maxClientConnections: number;
  /** The header by whose value versions are chosen: what its users ask for is written down. */
  readonly stickyHeader?: string | undefined;
  /** Of so many requests, from 0 to 1, it is written down what came of them. */
  readonly requestLogShare: number;
};

/** The one listener, with its routes in a file of their own so that a shift of traffic closes no connection. */
export function buildListeners(settings: ListenerSettings): Discovery {
  const manager = {
    '@type': typeUrl('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'predictions',
    rds: { route_config_name: 'predictions', config_source: watched(settings.folder, 'rds.json') },
    use_remote_address: true,
    normalize_path: true,
    preserve_external_request_id: true,
    always_set_request_id_in_response: true,
    server_header_transformation: 'PASS_THROUGH',
    common_http_protocol_options: { idle_timeout: `${IDLE_TIMEOUT_SECONDS}s` },
    request_headers_timeout: `${HEADERS_TIMEOUT_SECONDS}s`,
    request_timeout: `${REQUEST_TIMEOUT_SECONDS}s`,
    access_log: buildLogs(settings),
    local_reply_config: { mappers: [refuseOverflow()] },
    http_filters: [
      {
        name: 'envoy.filters.http.buffer',
        typed_config: {
          '@type': typeUrl('envoy.extensions.filters.http.buffer.v3.Buffer'),
          max_request_bytes: settings.maxBodyBytes,
        },
      },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': typeUrl('envoy.extensions.filters.http.router.v3.Router') },
      },
    ],
  };
  return discover('envoy.config.listener.v3.Listener', [
    {
      name: 'predictions',
      address: { socket_address: { address: settings.address, port_value: settings.port } },
      // Else another Envoy may listen here too, and the kernel shares the requests out between them.
      enable_reuse_port: false,
      per_connection_buffer_limit_bytes: settings.maxBodyBytes,
      ...shareConnections(settings.maxClientConnections, {
        name: 'envoy.filters.network.http_connection_manager',
        typed_config: manager,
      }),
    },
  ]);
}

function buildLogs({ folder, stickyHeader, requestLogShare }: ListenerSettings): readonly object[] {
  return [
    ...(stickyHeader === undefined ? [] : [logUsers(folder, stickyHeader)]),
    ...(requestLogShare === 0 ? [] : [logRequests(folder, requestLogShare)]),
  ];
}

/** Who asked and what came of it, for as long as the agent takes to read it. */
function logUsers(folder: string, header: string): object {
  const format = { ...USER_LOG_FORMAT, user: `%REQ(${header.toUpperCase()})%` };
  return {
    name: 'envoy.access_loggers.file',
    filter: { header_filter: { header: { name: header, present_match: true } } },
    typed_config: {
      '@type': typeUrl('envoy.extensions.access_loggers.file.v3.FileAccessLog'),
      path: userLogFile(folder),
      log_format: { json_format: format },
    },
  };
}

/** A version at its limit of open requests says so (UO, "upstream overflow"): to be sent again a little later, or elsewhere. */
function refuseOverflow(): object {
  const text = JSON.stringify(
    refusal('too-many-requests', 'The version has as many open requests as it may.'),
  );
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
