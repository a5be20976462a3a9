import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEnvoy, type DataPlane } from '../../../agent/envoy/envoy.ts';
import type { Split } from '../../../agent/envoy/traffic-plan.ts';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { findEnvoy } from '../../../agent/machine/toolchain.ts';
import { PYTHON } from '../../../sandbox/checkout.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';
import { type Backend, startBackend } from './held-backend.ts';

export const MODEL = 'mnist';
export const MAX_BODY_BYTES = 10_000;
export const MAX_IN_FLIGHT = 4;
export const USER_HEADER = 'x-user';
/** The model's own limit of time. */
export const TIMEOUT_SECONDS = 1;

const SPLIT: Split = {
  ...{ model: MODEL, stable: '1', candidate: '2' },
  ...{ candidatePercent: 0, shadow: false, isAnswered: true },
};

/** Real Envoy in front of two servers that only say that they were asked: version 1, which is stable, and version 2. */
export type ProxiedBackends = {
  readonly proxy: DataPlane;
  readonly port: number;
  /** Where the proxy keeps its files. */
  readonly folder: string;
  readonly stable: Backend;
  readonly candidate: Backend;
  /** Changes how requests are shared out: all of them to the stable version, but for this. */
  readonly apply: (change: Partial<Split>) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts them, and waits until a prediction is answered. */
export async function startProxiedBackends(requestLogShare = 0): Promise<ProxiedBackends> {
  const folder = mkdtempSync(join(tmpdir(), 'ty-'));
  const [port = 0] = await findFreePorts(1);
  const [stable, candidate] = [await startBackend(), await startBackend()];
  const proxy = createEnvoy({
    folder,
    address: '127.0.0.1',
    port,
    binary: await findEnvoy(PYTHON, process.env),
    threads: 1,
    owner: `data-plane-test:${folder}`,
    maxBodyBytes: MAX_BODY_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    maxClientConnections: 1_000,
    stickyHeader: USER_HEADER,
    requestLogShare,
  });
  const apply = (change: Partial<Split>) =>
    proxy.apply({
      backends: [stable, candidate].map((backend, index) => ({
        model: MODEL,
        version: String(index + 1),
        port: backend.port,
        timeoutSeconds: TIMEOUT_SECONDS,
      })),
      splits: [{ ...SPLIT, ...change }],
      unnamed: MODEL,
    });
  const stop = async () => {
    await proxy.stop();
    for (const { server } of [stable, candidate]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true, force: true });
  };
  await apply({});
  const url = `http://127.0.0.1:${port}/predictions/${MODEL}`;
  const isAnswered = async () => (await fetch(url, { method: 'POST', body: '{}' })).ok;
  await waitFor(() => isAnswered().catch(() => false), 'the proxy');
  return { proxy, port, folder, stable, candidate, apply, stop };
}
