import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { answers, type Child, startChild } from './child-process.ts';

export type MlflowServer = { readonly url: string; readonly child: Child };

/** Starts an MLflow tracking server on SQLite with proxied artifacts, on a loopback port (a free one by default). */
export async function startMlflow(options: {
  readonly python: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly port?: number;
  /** Hosts by which clients ask for it, beside the loopback address. */
  readonly hosts?: readonly string[];
}): Promise<MlflowServer> {
  const { python, folder, env, hosts = [] } = options;
  const [free = 0] = await findFreePorts(1);
  const port = options.port ?? free;
  mkdirSync(path.join(folder, 'artifacts'), { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: python,
    args: [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${path.join(folder, 'mlflow.db')}`],
      ...['--artifacts-destination', path.join(folder, 'artifacts')],
      ...['--allowed-hosts', [`127.0.0.1:${port}`, `localhost:${port}`, ...hosts].join()],
    ],
    cwd: folder,
    // The job runners are for features the chain does not use, and keep four processes busy.
    env: { ...env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    log: path.join(folder, 'server.log'),
    ready: () => answers(`${url}/health`),
    timeoutMs: 120_000,
  });
  return { url, child };
}
