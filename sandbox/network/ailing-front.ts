import { createServer, request } from 'node:http';

/** A gateway before one server. `ail` has it answer 500 to everything from then on, without asking the server. */
type AilingFront = { readonly url: string; readonly ail: () => void; readonly stop: () => Promise<void> };

/** Puts a gateway before a server on a loopback port, which can fall sick while the server behind it is well. */
export async function startAilingFront(plainPort: number): Promise<AilingFront> {
  let isSick = false;
  const server = createServer((incoming, response) => {
    if (isSick) {
      incoming.resume();
      response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: plainPort, method, path, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no address');
  return {
    url: `http://127.0.0.1:${address.port}`,
    ail: () => {
      isSick = true;
    },
    stop: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
