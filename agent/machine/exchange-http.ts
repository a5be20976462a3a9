import { type Agent, type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { messageOf } from '../../core/errors.ts';

export type HttpExchange = {
  readonly url: string;
  /** Unix socket to connect to, in the place of the URL's host. */
  readonly socketPath?: string;
  /** The way to the server, where it is not straight there. */
  readonly agent?: Agent;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Time from connecting to the last byte, in ms. */
  readonly timeoutMs: number;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
};

/**
 * Sends one request, once, and gives the answer whatever its status. Rejects, naming the endpoint, when there is none in time.
 * `fetch` does the same for ten megabytes more of memory, which is much for a process that mostly waits.
 */
export async function exchangeHttp(exchange: HttpExchange): Promise<HttpAnswer> {
  const method = exchange.method ?? 'GET';
  const url = new URL(exchange.url);
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    const { answer, giveUp } = send(exchange, { url, method });
    // Not `AbortSignal.timeout`: its timer outlives the answer, and wakes the process to make an exception that nobody hears.
    timer = setTimeout(() => {
      isLate = true;
      giveUp();
    }, exchange.timeoutMs);
    return await answer;
  } catch (cause) {
    const why = isLate ? `did not answer in ${exchange.timeoutMs / 1_000} s` : `failed (${messageOf(cause)})`;
    throw new Error(`${method} ${url.origin}${url.pathname} ${why}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** What comes of a request, and what ends the wait for it. */
function send(
  { socketPath, headers, json, agent }: HttpExchange,
  { url, method }: { readonly url: URL; readonly method: string },
): { readonly answer: Promise<HttpAnswer>; readonly giveUp: () => void } {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const sent = {
    ...headers,
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
  };
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { promise: answer, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  // No connection is kept: one that the other side has just closed would fail the next request.
  const settings = { method, headers: sent, agent: agent ?? false, ...(socketPath && { socketPath }) };
  const outgoing = request(url, settings, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
  });
  outgoing.on('error', reject);
  outgoing.end(body);
  return { answer, giveUp: () => outgoing.destroy(new Error('given up')) };
}
