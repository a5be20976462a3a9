import type { Server } from 'node:http';
import { createCounter } from '../machine/counter.ts';

const MOST_CONNECTIONS = 1_000;
/** No job and no person needs as many at a time; behind a proxy all of them have one address. */
const MOST_OF_ADDRESS = 100;
/** A connection has this long to send the headers of a request, in ms. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Closes what one address opens beyond its share, and what is open and asks nothing, so that others find the server open. */
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
}
