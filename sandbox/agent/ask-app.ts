import type { App } from '../../agent/http/call.ts';

/** Asks an application without a server: what `fetch` takes and gives. */
export async function askApp(app: App, input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const request = input instanceof Request ? input : new Request(new URL(input, 'http://localhost'), init);
  const { method, url, signal } = request;
  const { status, headers, body } = await app({
    ...{ method, target: url, gone: signal, socket: undefined },
    header: (name) => request.headers.get(name) ?? undefined,
    body: request.body ?? undefined,
  });
  const isBare = method === 'HEAD' || body === undefined;
  return new Response(isBare ? null : body instanceof Uint8Array ? new Uint8Array(body) : body, {
    status,
    headers,
  });
}
