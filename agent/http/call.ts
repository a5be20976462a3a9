import type { Socket } from 'node:net';

/** A request as it comes in. */
export type Incoming = {
  readonly method: string;
  /** Path and query as they were sent, or the whole address. */
  readonly target: string;
  /** The value of a header by its name in small letters; of one that came several times all of them, with commas between. */
  readonly header: (name: string) => string | undefined;
  /** What comes after the headers; absent where nothing does. */
  readonly body: AsyncIterable<Uint8Array> | undefined;
  /** Aborts when whoever asked is gone before the answer has ended. */
  readonly gone: AbortSignal;
  /** What it came over; absent where that was no socket. */
  readonly socket: Socket | undefined;
};

/** What is sent after the headers of an answer. */
export type Body = string | Uint8Array | ReadableStream<Uint8Array> | undefined;

/** What a request is answered with. */
export type ApiAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
};

/** Answers every request, also those that it refuses. To HEAD it gives what GET would get; the body is left to whoever sends it. */
export type App = (incoming: Incoming) => Promise<ApiAnswer>;

/** A request that has been taken apart, and what its answer will have beside its body. */
export type ApiCall = Incoming & {
  readonly path: string;
  /** The first value of each name. */
  readonly query: Readonly<Record<string, string>>;
  /** Parts of the path, by their names in the route. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Written by what answers it; a refusal keeps the headers. */
  readonly answer: { status: number; headers: Record<string, string> };
};

/** Scheme and host where the whole address was sent, path, query. */
const TARGET = /^(?:https?:\/\/[^/?#]*)?(?<path>[^?#]*)(?:\?(?<query>[^#]*))?/i;

/** Takes a request apart, as far as that goes without a route. */
export function beginCall(incoming: Incoming): ApiCall {
  const { path = '', query = '' } = TARGET.exec(incoming.target)?.groups ?? {};
  return {
    ...incoming,
    path: path === '' ? '/' : path,
    query: Object.fromEntries([...new URLSearchParams(query)].toReversed()),
    parameters: {},
    answer: { status: 200, headers: {} },
  };
}
