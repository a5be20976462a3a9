import { GitHub, getOctokitOptions } from '@actions/github/lib/utils';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import type { GitHubClient } from '../../adapters/github-client.ts';

/** Time one call may take, in ms. */
const TIMEOUT_MS = 30_000;
const MAX_RETRIES = 3;
/** A pause that GitHub asks for is kept if it is no longer than this, in seconds. */
const MAX_PAUSE_SECONDS = 120;

export type OctokitOptions = {
  readonly apiUrl: string;
  /** Without one the calls are anybody's. */
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  readonly onWarning?: (line: string) => void;
  /** Milliseconds a retry waits at least; tests make it short. */
  readonly retryAfterBaseMs?: number;
};

type LimitedCall = {
  readonly method: string;
  readonly url: string;
  readonly request?: object;
};

/** The toolkit's own Octokit, as `getOctokit` hydrates it, with the plugins for retries and pauses and with our way to the network. */
export function hydrateOctokit(options: OctokitOptions): GitHubClient {
  const { apiUrl, token, fetch, onWarning, retryAfterBaseMs } = options;
  const Client = GitHub.plugin(retry, throttling);
  const onLimit = (seconds: number, request: LimitedCall, _: unknown, count: number) => {
    if (request.request !== undefined && 'retries' in request.request && request.request.retries === 0)
      return false;
    onWarning?.(`GitHub asks for a pause of ${seconds} s at ${request.method} ${request.url}.`);
    return count < MAX_RETRIES && seconds <= MAX_PAUSE_SECONDS;
  };
  return new Client({
    ...(token !== '' && getOctokitOptions(token)),
    baseUrl: apiUrl,
    log: { debug() {}, info() {}, warn: (line: string) => onWarning?.(line), error() {} },
    request: {
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: withTimeout(init.signal) }),
    },
    throttle: { onRateLimit: onLimit, onSecondaryRateLimit: onLimit },
    retry: {
      // Not among the defaults of `request`: there it would have every refusal asked for again, too.
      retries: MAX_RETRIES,
      ...(retryAfterBaseMs !== undefined && { retryAfterBaseValue: retryAfterBaseMs }),
    },
  });
}

function withTimeout(signal: RequestInit['signal']): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([timeout, signal]) : timeout;
}
