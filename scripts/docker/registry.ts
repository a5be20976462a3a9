import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { answers, findFreePort, startChild } from '../sandbox/child-process.ts';

const START_TIMEOUT_MS = 30_000;
const configSchema = z.object({ http: z.object({ addr: z.string() }) });

/** An image registry on loopback, which docker speaks to without TLS. */
export type Registry = {
  /** `127.0.0.1:<port>`, the first part of its images' names. */
  readonly address: string;
  readonly stop: () => Promise<void>;
  /** Ends it and deletes its images. */
  readonly remove: () => Promise<void>;
};

/** Starts Debian's docker-registry over `folder`, open to this machine. */
export async function startRegistry(folder: string): Promise<Registry> {
  const storage = join(folder, 'registry');
  mkdirSync(storage, { recursive: true });
  const config = join(folder, 'registry.json');
  const address = await chooseAddress(config);
  // JSON is YAML, which the registry reads.
  writeFileSync(config, JSON.stringify(describeRegistry(address, storage)));
  const child = await startChild({
    command: 'docker-registry',
    args: ['serve', config],
    cwd: folder,
    env: process.env,
    log: join(folder, 'registry.log'),
    ready: () => answers(`http://${address}/v2/`),
    timeoutMs: START_TIMEOUT_MS,
  });
  const stop = () => child.stop();
  const remove = async () => {
    await stop();
    rmSync(storage, { recursive: true, force: true });
  };
  return { address, stop, remove };
}

/** The address of last time if it is free, since images carry it in their names; else another. */
async function chooseAddress(config: string): Promise<string> {
  const last = existsSync(config)
    ? configSchema.parse(JSON.parse(readFileSync(config, 'utf8'))).http.addr
    : '';
  const port = Number(last.split(':')[1] ?? 0);
  const isFree = port > 0 && (await isPortFree(port));
  return isFree ? last : `127.0.0.1:${await findFreePort()}`;
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function describeRegistry(address: string, storage: string) {
  return {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: address },
  };
}
