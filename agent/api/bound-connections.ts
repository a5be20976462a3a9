import type { Server } from 'node:http';
import { createCounter } from '../machine/counter.ts';

const MOST_CONNECTIONS = 1_000;
/** No job and no person needs as many at a time; behind a proxy all of them have one address. */
const MOST_OF_ADDRESS = 100;
/** A connection has this long to send the headers of a request, in ms. */
const HEADERS_TIMEOUT_MS = 10_000;
/** And so long for the rest of a request that is answered already, in ms. */
const REST_MS = 1_000;

/** Closes what one address opens beyond its share, what is open and asks nothing, and what goes on after its answer, so that others find the server open. */
export function boundConnections(server: Server): void {
  const open = createCounter();
  server.maxConnections = MOST_CONNECTIONS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    if (open.count(address) >= MOST_OF_ADDRESS) return void socket.destroy();
    open.enter(address);
    socket.once('close', () => open.leave(address));
  });
  server.on('request', (incoming, response) => {
    response.once('finish', () => {
      if (incoming.complete) return;
      // A body that nobody reads may come a letter at a time, for as long as an upload may take.
      const late = setTimeout(() => incoming.socket.destroy(), REST_MS);
      incoming.once('end', () => clearTimeout(late)).once('close', () => clearTimeout(late));
    });
  });
}
