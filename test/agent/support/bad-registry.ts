import { createServer, type ServerResponse } from 'node:http';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';

/** An image registry on loopback that is no good. */
export type BadRegistry = { readonly address: string; readonly close: () => Promise<void> };

/** Answers every request with 500. */
export function startFailingRegistry(): Promise<BadRegistry> {
  return startRegistry((_path, response) => response.writeHead(500).end());
}

/** Says that it is a registry, and then nothing more. */
export function startSilentRegistry(): Promise<BadRegistry> {
  return startRegistry((path, response) => {
    if (path === '/v2/') response.writeHead(200, { 'docker-distribution-api-version': 'registry/2.0' }).end();
  });
}

async function startRegistry(answer: (path: string, response: ServerResponse) => void): Promise<BadRegistry> {
  const [port = 0] = await findFreePorts(1);
  const server = createServer((request, response) => answer(request.url ?? '', response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
