import { join } from 'node:path';
import { typeUrl } from './config/discovery.ts';

const FILE = 'requests.log';
const MILLION = 1_000_000;

/**
 * What is written of a request, as Envoy's format commands: who may be asked about it, and nothing of what was asked or answered. `request`
 * is the id that answers carry and late labels name; `trace` is the W3C trace context that came with it. `flags` are Envoy's, such as UO
 * where the version had no room for it, `-` where there are none.
 */
const REQUEST_LOG_FORMAT = {
  at: '%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%',
  request: '%REQ(X-REQUEST-ID):128%',
  trace: '%REQ(TRACEPARENT):128%',
  version: '%UPSTREAM_CLUSTER%',
  status: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  milliseconds: '%DURATION%',
  bytesIn: '%BYTES_RECEIVED%',
  bytesOut: '%BYTES_SENT%',
  protocol: '%PROTOCOL%',
} as const;

/** Where the proxy writes what came of requests, in its folder. */
export function requestLogFile(folder: string): string {
  return join(folder, FILE);
}

/** The log of a share of all requests, from 0 to 1. Which of them are in it is decided by their ids. */
export function logRequests(folder: string, share: number): object {
  return {
    name: 'envoy.access_loggers.file',
    filter: {
      runtime_filter: {
        runtime_key: 'trainyard.request_log',
        percent_sampled: { numerator: Math.round(share * MILLION), denominator: 'MILLION' },
      },
    },
    typed_config: {
      '@type': typeUrl('envoy.extensions.access_loggers.file.v3.FileAccessLog'),
      path: requestLogFile(folder),
      log_format: { json_format: REQUEST_LOG_FORMAT },
    },
  };
}
