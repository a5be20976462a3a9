import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, REFUSED, ServiceError, UNAVAILABLE, UNREACHABLE } from '../../core/errors.ts';
import { readHttpDate } from '../../core/instant.ts';
import { explainFailure } from './explain-failure.ts';
import { NOT_PINNED, PinFailure } from './pin-failure.ts';
import { HOST_DOWN, HOST_LOST, ProxyFailure } from './proxy-failure.ts';

/** Time one attempt may take, from connecting to the last byte, in ms. */
export const DEFAULT_TIMEOUT_MS = 30_000;
/** Attempts in all: the first one and its retries. */
const DEFAULT_ATTEMPTS = 4;
/** The wait before retry n is drawn from 0 … min(cap, base · 2ⁿ) ("full jitter"), in ms. */
const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 20_000;
/** A server that asks for a longer pause than this is reported instead of waited for, in ms. */
const MAX_RETRY_AFTER_MS = 60_000;
/** How much of an unexpected answer is quoted, in characters. */
const QUOTED_CHARACTERS = 300;

/** Answers about who asks: the service is there, and asking again helps nobody. */
const REFUSES = new Set([401, 403, 407]);
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Answers that say the request was not acted upon, so that even one that must not run twice may be sent again. */
const NOT_ACTED_UPON = new Set([429, 503]);
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', HOST_DOWN]);
/** Failures of the way to the server. A certificate that is not trusted is none: that is a mistake, or an attack. */
const NO_WAY = new Set([
  ...NOT_SENT,
  HOST_LOST,
  ...['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ENETDOWN'],
  ...['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
]);
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

export type HttpRequest = {
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; `Blob`s (`fs.openAsBlob`) are streamed and can be sent again. */
  readonly body?: string | Uint8Array<ArrayBuffer> | Blob | FormData;
  /** Statuses that are an answer and not a failure; 200 … 299 when absent. */
  readonly accept?: (status: number) => boolean;
  /** Whether an answer that is a failure was given by something in front of the service, which could not reach it. */
  readonly isFromGateway?: (status: number, text: string) => boolean;
  /** Whether sending it twice does no harm; by default it depends on the method. */
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
  readonly attempts?: number;
  readonly signal?: AbortSignal;
  /** What to do when it fails for good, as one sentence. */
  readonly remedy?: string;
  /** The same where the service answers that it does not know who asks, or that these may not. */
  readonly remedyWhenRefused?: string;
};

export type HttpResponse<T> = { readonly status: number; readonly headers: Headers; readonly body: T };

/** What the client needs of its surroundings; each has a real default. */
export type HttpDependencies = {
  readonly fetch?: typeof globalThis.fetch;
  readonly wait?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly random?: () => number;
};

/** Sends the request and parses the answer as JSON; an empty answer is `undefined`. Rejects with a ServiceError. */
export async function requestJson(
  request: HttpRequest,
  dependencies: HttpDependencies = {},
): Promise<HttpResponse<unknown>> {
  return attemptRequest(withHeader(request, 'accept', 'application/json'), dependencies, async (response) =>
    parseJson(await response.text()),
  );
}

/** Sends the request and gives the answer as text. Rejects with a ServiceError. */
export async function requestText(
  request: HttpRequest,
  dependencies: HttpDependencies = {},
): Promise<HttpResponse<string>> {
  return attemptRequest(request, dependencies, (response) => response.text());
}

/** Sends the request and gives the answer's bytes. Rejects with a ServiceError. */
export async function requestBytes(
  request: HttpRequest,
  dependencies: HttpDependencies = {},
): Promise<HttpResponse<Uint8Array<ArrayBuffer>>> {
  return attemptRequest(
    request,
    dependencies,
    async (response) => new Uint8Array(await response.arrayBuffer()),
  );
}

/** Sends the request and streams an accepted answer through `read`, anew at each attempt. Rejects with a ServiceError. */
export async function requestStream<T>(
  request: HttpRequest,
  read: (body: Readable) => Promise<T>,
  dependencies: HttpDependencies = {},
): Promise<HttpResponse<T>> {
  return attemptRequest(request, dependencies, (response) =>
    read(response.body === null ? Readable.from([]) : Readable.fromWeb(response.body)),
  );
}

type Failure = {
  readonly message: string;
  readonly retry: boolean;
  readonly afterMs: number | undefined;
  /** No answer of the service came at all. */
  readonly unreachable?: boolean;
  /** It answered that it does not let them. */
  readonly refused?: boolean;
  /** The code of what was thrown on the way there, where no proxy was in between. */
  readonly code?: string | undefined;
  readonly cause?: unknown;
};
type Attempt<T> = { readonly response: HttpResponse<T> } | { readonly failure: Failure };

async function attemptRequest<T>(
  request: HttpRequest,
  dependencies: HttpDependencies,
  read: (response: Response) => Promise<T>,
): Promise<HttpResponse<T>> {
  const { wait = pause, random = Math.random } = dependencies;
  const attempts = request.attempts ?? DEFAULT_ATTEMPTS;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(request, dependencies.fetch ?? globalThis.fetch, read);
    if ('response' in outcome) return outcome.response;
    const { failure } = outcome;
    request.signal?.throwIfAborted();
    const patient = failure.afterMs === undefined || failure.afterMs <= MAX_RETRY_AFTER_MS;
    if (!failure.retry || attempt >= attempts || !patient)
      throw await toServiceError(request, failure, attempt);
    const backoff = random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** attempt);
    await wait(Math.max(failure.afterMs ?? 0, backoff), request.signal);
  }
}

async function attemptOnce<T>(
  request: HttpRequest,
  fetch: typeof globalThis.fetch,
  read: (response: Response) => Promise<T>,
): Promise<Attempt<T>> {
  const method = request.method ?? 'GET';
  const idempotent = request.idempotent ?? IDEMPOTENT.has(method);
  const timeout = AbortSignal.timeout(request.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  const body = request.json === undefined ? request.body : JSON.stringify(request.json);
  const headers =
    request.json === undefined ? request.headers : { 'content-type': 'application/json', ...request.headers };
  try {
    const response = await fetch(request.url, {
      method,
      signal,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    const accept = request.accept ?? isSuccess;
    if (accept(response.status)) {
      return {
        response: { status: response.status, headers: response.headers, body: await read(response) },
      };
    }
    return { failure: await describeAnswer(response, idempotent, request.isFromGateway) };
  } catch (thrown) {
    return { failure: describeThrown(thrown, idempotent, timeout.aborted) };
  }
}

async function describeAnswer(
  response: Response,
  idempotent: boolean,
  isFromGateway: HttpRequest['isFromGateway'],
): Promise<Failure> {
  const text = await response.text().catch(() => '');
  const quoted = text.trim().replaceAll(/\s+/g, ' ').slice(0, QUOTED_CHARACTERS);
  const retry = idempotent ? RETRYABLE.has(response.status) : NOT_ACTED_UPON.has(response.status);
  return {
    message: `answered ${response.status}${quoted === '' ? '' : `: ${quoted}`}`,
    retry,
    afterMs: parseRetryAfter(response.headers.get('retry-after'), Date.now()),
    unreachable: isFromGateway?.(response.status, text) === true,
    refused: REFUSES.has(response.status),
  };
}

function describeThrown(thrown: unknown, idempotent: boolean, timedOut: boolean): Failure {
  if (thrown instanceof SyntaxError) {
    return { message: 'answered something other than JSON', retry: false, afterMs: undefined, cause: thrown };
  }
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const code = codeOf(cause);
  const isWorded = cause instanceof ProxyFailure || cause instanceof PinFailure;
  const reason = isWorded ? cause.message : (code ?? messageOf(cause));
  const message = timedOut ? 'did not answer in time' : `could not be reached (${reason})`;
  const unsent = code !== undefined && NOT_SENT.has(code);
  const unreachable = timedOut || (code !== undefined && NO_WAY.has(code));
  const direct = cause instanceof ProxyFailure && code !== NOT_PINNED ? undefined : code;
  return {
    message,
    // Another certificate stays another.
    retry: (idempotent || unsent) && code !== NOT_PINNED,
    afterMs: undefined,
    unreachable,
    code: direct,
    cause: thrown,
  };
}

async function toServiceError(
  request: HttpRequest,
  failure: Failure,
  attempts: number,
): Promise<ServiceError> {
  const url = new URL(request.url);
  const endpoint = `${request.method ?? 'GET'} ${url.origin}${url.pathname}`;
  const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
  const known = await explainFailure(url, failure.code);
  const why = known === undefined ? '' : `: ${known.why}`;
  const refused = failure.refused === true ? request.remedyWhenRefused : undefined;
  const remedy =
    known?.remedy ??
    refused ??
    request.remedy ??
    `Check that ${url.host} is up and reachable from here, then run this again.`;
  return new ServiceError(
    {
      code: codeOfFailure(failure),
      message: `The service ${failure.message}${tries}${why}.`,
      remedy,
      where: { kind: 'endpoint', endpoint },
    },
    { cause: failure.cause },
  );
}

function codeOfFailure({ unreachable, refused }: Failure): string {
  if (unreachable === true) return UNREACHABLE;
  return refused === true ? REFUSED : UNAVAILABLE;
}

/** The pause a `retry-after` header asks for (seconds, or an HTTP date seen at `now`), in ms. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const instant = readHttpDate(header);
  return instant === undefined ? undefined : Math.max(0, instant - now);
}

function withHeader(request: HttpRequest, name: string, value: string): HttpRequest {
  return { ...request, headers: { [name]: value, ...request.headers } };
}

function parseJson(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal });
}
