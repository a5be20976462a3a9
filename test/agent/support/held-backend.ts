import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { REQUEST_ID_HEADER } from '../../../core/names.ts';

/** A model server: what it was asked, and how it answers. */
export type Backend = {
  readonly port: number;
  readonly ids: string[];
  /** The path and the headers of the last request. */
  last: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders } | undefined;
  /** Requests it has open now. */
  readonly open: Set<IncomingMessage>;
  /** While it is set, answers wait for it. */
  gate: PromiseWithResolvers<void> | undefined;
  status: number;
  /** Breaks the connection instead of answering. */
  breaks: boolean;
  readonly server: Server;
};

/** Starts one on a free port; it answers a prediction to everything. */
export async function startBackend(): Promise<Backend> {
  const [port = 0] = await findFreePorts(1);
  const server = createServer(async (incoming, response) => {
    backend.last = { path: incoming.url, headers: incoming.headers };
    backend.ids.push(String(incoming.headers[REQUEST_ID_HEADER]));
    backend.open.add(incoming);
    incoming.resume();
    await backend.gate?.promise;
    backend.open.delete(incoming);
    if (backend.breaks) return void incoming.socket.destroy();
    response.statusCode = backend.status;
    response.end('{"predictions":[1]}');
  });
  const backend: Backend = {
    port,
    ids: [],
    last: undefined,
    open: new Set(),
    gate: undefined,
    status: 200,
    breaks: false,
    server,
  };
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return backend;
}

/** Lets it answer as at first. */
export function release(backend: Backend): void {
  backend.gate?.resolve();
  Object.assign(backend, { gate: undefined, status: 200, breaks: false });
}
