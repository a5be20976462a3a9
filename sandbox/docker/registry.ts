import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { answers, startChild } from '../machine/child-process.ts';

const START_TIMEOUT_MS = 30_000;
const REQUEST_TIMEOUT_MS = 30_000;
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];
const manifestSchema = z.object({ layers: z.array(z.object({ digest: z.string(), size: z.number() })) });
const configSchema = z.object({ http: z.object({ addr: z.string() }) });

/** An image registry on loopback, which docker speaks to without TLS. */
type Registry = {
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

/** One layer of an image as a registry keeps it: `size` in bytes, compressed. */
type Layer = { readonly digest: string; readonly size: number };

/** The layers of an image, by its tag or digest, from the bottom. */
export async function readLayers(
  address: string,
  repository: string,
  reference: string,
): Promise<readonly Layer[]> {
  const url = `http://${address}/v2/${repository}/manifests/${reference}`;
  const response = await fetch(url, {
    headers: { accept: MANIFEST_TYPES.join(', ') },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return manifestSchema.parse(await response.json()).layers;
}

/** Those layers of an image that the one before it did not have: what a host that has that one is sent. */
export function newLayers(layers: readonly Layer[], before: readonly Layer[]): readonly Layer[] {
  const known = new Set(before.map(({ digest }) => digest));
  return layers.filter(({ digest }) => !known.has(digest));
}

/** The address of last time if it is free, since images carry it in their names; else another. */
async function chooseAddress(config: string): Promise<string> {
  const last = existsSync(config)
    ? configSchema.parse(JSON.parse(readFileSync(config, 'utf8'))).http.addr
    : '';
  const port = Number(last.split(':')[1] ?? 0);
  const isFree = port > 0 && (await isPortFree(port));
  return isFree ? last : `127.0.0.1:${(await findFreePorts(1))[0]}`;
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
