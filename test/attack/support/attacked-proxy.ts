import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createEnvoy, type DataPlane } from '../../../agent/envoy/envoy.ts';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { findEnvoy } from '../../../agent/machine/toolchain.ts';
import { PYTHON } from '../../../sandbox/checkout.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

/** A model server that a client may spoil: it answers with the status that the client asks for, after so long. */
type Backend = { readonly port: number; readonly seen: IncomingMessage[]; readonly server: Server };

async function startBackend(): Promise<Backend> {
  const [port = 0] = await findFreePorts(1);
  const seen: IncomingMessage[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming);
    incoming.resume();
    response.statusCode = Number(incoming.headers['x-test-status'] ?? 200);
    setTimeout(() => response.end('{"predictions":[1]}'), Number(incoming.headers['x-test-ms'] ?? 0));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port, seen, server };
}

/** A real Envoy as the agent configures it, in front of two versions of which the second may be pinned. */
export function useAttackedProxy() {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const backends: Backend[] = [];
  let port = 0;
  let proxy: DataPlane | undefined;
  beforeAll(async () => {
    [port = 0] = await findFreePorts(1);
    backends.push(await startBackend(), await startBackend());
    const binary = await findEnvoy(PYTHON, {});
    const settings = { folder, address: '127.0.0.1', port, binary, threads: 1, owner: `attack:${folder}` };
    const limits = { maxBodyBytes: 100_000, maxInFlight: 4, maxClientConnections: 1_000 };
    proxy = createEnvoy({ ...settings, ...limits, requestLogShare: 0 });
    await proxy.apply({
      backends: backends.map((backend, index) => ({
        ...{ model: 'mnist', version: String(index + 1), port: backend.port, timeoutSeconds: 5 },
      })),
      splits: [
        {
          model: 'mnist',
          stable: '1',
          candidate: '2',
          candidatePercent: 50,
          shadow: false,
          isAnswered: true,
        },
      ],
      unnamed: 'mnist',
    });
    await waitFor(async () => (await predict().catch(() => undefined))?.status === 200, 'the proxy');
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    for (const { server } of backends) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }, 30_000);
  const predict = (headers: Readonly<Record<string, string>> = {}, body = '{}') =>
    fetch(`http://127.0.0.1:${port}/predictions/mnist`, { method: 'POST', headers, body });
  const dataPlane = (): DataPlane => {
    if (proxy === undefined) throw new Error('The proxy has not started.');
    return proxy;
  };
  return {
    ...{ predict, backends },
    dataPlane,
    counters: () => dataPlane().counters(),
    /** A connection, of a client with this address. */
    connect: (localAddress = '127.0.0.1'): Socket =>
      createConnection({ host: '127.0.0.1', port, localAddress }).on('error', () => undefined),
  };
}
