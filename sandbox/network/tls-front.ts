import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { ServerCertificate } from './private-ca.ts';

type TlsFront = { readonly port: number; readonly stop: () => void };

/** Puts TLS before a server on a loopback port that speaks plainly, as a company's gateway does. */
export async function startTlsFront({ cert, key }: ServerCertificate, plainPort: number): Promise<TlsFront> {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    const onward = connect(plainPort, '127.0.0.1');
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no address');
  return { port: address.port, stop: () => server.close() };
}
