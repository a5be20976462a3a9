import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { answers, type Child, startChild } from './child-process.ts';

export type MlflowServer = { readonly url: string; readonly child: Child };

/** Where a server keeps what it is told: SQLAlchemy's address of a database, and a folder or bucket. */
type MlflowStores = { readonly database: string; readonly artifacts: string };

/** Starts an MLflow tracking server with proxied artifacts, on a loopback port (a free one by default), on SQLite and a folder unless told. */
export async function startMlflow(options: {
  readonly python: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly port?: number;
  /** Hosts by which clients ask for it, beside the loopback address. */
  readonly hosts?: readonly string[];
  readonly stores?: MlflowStores;
}): Promise<MlflowServer> {
  const { python, folder, env, hosts = [] } = options;
  const [free = 0] = await findFreePorts(1);
  const port = options.port ?? free;
  const stores = options.stores ?? keepIn(folder);

  const url = `http://127.0.0.1:${port}`;
  const child = await startChild({
    command: python,
    args: [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--artifacts-destination', stores.artifacts],
      ...['--allowed-hosts', [`127.0.0.1:${port}`, `localhost:${port}`, ...hosts].join()],
    ],
    cwd: folder,
    // The job runners are for features the chain does not use, and keep four processes busy.
    // The database's address may hold a password, which has no place on a command line.
    env: { ...env, MLFLOW_BACKEND_STORE_URI: stores.database, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    log: path.join(folder, 'server.log'),
    ready: () => answers(`${url}/health`),
    timeoutMs: 120_000,
  });
  return { url, child };
}

function keepIn(folder: string): MlflowStores {
  const artifacts = path.join(folder, 'artifacts');
  mkdirSync(artifacts, { recursive: true });
  return { database: `sqlite:///${path.join(folder, 'mlflow.db')}`, artifacts };
}
