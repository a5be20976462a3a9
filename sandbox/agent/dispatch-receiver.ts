import { createServer, type Server } from 'node:http';
import type { DispatchPayload } from '../../core/serving/dispatch-payload.ts';

export type Received = {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly type: string;
  readonly payload: DispatchPayload;
};

/** An HTTP server that takes dispatches as GitHub does, and answers each with the next of `answers`, then 204. */
export type GitHubStandIn = {
  readonly url: string;
  readonly received: readonly Received[];
  readonly answers: { readonly status: number; readonly headers?: Record<string, string> }[];
  readonly close: () => Promise<void>;
};

export async function startGitHub(): Promise<GitHubStandIn> {
  const received: Received[] = [];
  const answers: { status: number; headers?: Record<string, string> }[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { event_type: type, client_payload: payload } = JSON.parse(Buffer.concat(chunks).toString());
    received.push({ path: request.url ?? '', authorization: request.headers.authorization, type, payload });
    const { status, headers } = answers.shift() ?? { status: 204 };
    response.writeHead(status, headers ?? {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    answers,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
