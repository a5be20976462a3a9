import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { digestOf } from '../../core/identity/digest.ts';
import { requestBytes, requestJson, requestStream } from '../network/http.ts';
import type { MlflowClient } from './client.ts';

/** One artifact may be gigabytes on a slow line, in ms. */
const TRANSFER_TIMEOUT_MS = 30 * 60_000;

/** Where artifacts are: behind the server's proxy, or in a folder this machine can reach. */
type Store =
  | { readonly kind: 'proxy'; readonly url: string }
  | { readonly kind: 'folder'; readonly folder: string };

/** An artifact: the root of its run's artifacts, and the path below it. */
type ArtifactPlace = { readonly root: string; readonly path: string };

/** Writes `file` as an artifact; a second time replaces it. */
export async function uploadArtifact(
  client: MlflowClient,
  { root, path: artifactPath }: ArtifactPlace,
  file: string,
): Promise<void> {
  const store = locateStore(client, root);
  if (store.kind === 'folder') {
    const target = path.join(store.folder, artifactPath);
    await mkdir(path.dirname(target), { recursive: true });
    return copyFile(file, target);
  }
  await requestBytes(
    {
      method: 'PUT',
      url: `${store.url}/${encodePath(artifactPath)}`,
      headers: { ...client.headers, 'content-type': 'application/octet-stream' },
      body: await openAsBlob(file),
      timeoutMs: TRANSFER_TIMEOUT_MS,
    },
    client.http,
  );
}

/** Writes an artifact to `file`. */
export async function downloadArtifact(
  client: MlflowClient,
  { root, path: artifactPath }: ArtifactPlace,
  file: string,
): Promise<void> {
  const store = locateStore(client, root);
  await mkdir(path.dirname(file), { recursive: true });
  if (store.kind === 'folder') return copyFile(path.join(store.folder, artifactPath), file);
  await streamArtifact(client, store.url, artifactPath, (body) => pipeline(body, createWriteStream(file)));
}

/** The SHA-256 of an artifact's bytes as they are now, as `sha256:…`; nothing of it is kept. */
export async function digestArtifact(
  client: MlflowClient,
  { root, path: artifactPath }: ArtifactPlace,
): Promise<string> {
  const store = locateStore(client, root);
  if (store.kind === 'folder') return digestStream(createReadStream(path.join(store.folder, artifactPath)));
  return streamArtifact(client, store.url, artifactPath, digestStream);
}

async function streamArtifact<T>(
  client: MlflowClient,
  storeUrl: string,
  artifactPath: string,
  read: (body: Readable) => Promise<T>,
): Promise<T> {
  const url = `${storeUrl}/${encodePath(artifactPath)}`;
  const request = { url, headers: client.headers, timeoutMs: TRANSFER_TIMEOUT_MS };
  return (await requestStream(request, read, client.http)).body;
}

async function digestStream(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(body, hash);
  return digestOf(hash.digest('hex'));
}

/** The bytes of a small artifact, or `undefined` when there is none at that path. */
export async function readArtifact(
  client: MlflowClient,
  root: string,
  artifactPath: string,
): Promise<Uint8Array | undefined> {
  const store = locateStore(client, root);
  if (store.kind === 'folder') throw unreachableStore(root);
  const answer = await requestBytes(
    {
      url: `${store.url}/${encodePath(artifactPath)}`,
      headers: client.headers,
      accept: (status) => status === 200 || status === 404,
    },
    client.http,
  );
  return answer.status === 404 ? undefined : answer.body;
}

const listing = z.object({ files: z.array(z.object({ path: z.string(), is_dir: z.boolean() })).default([]) });

/** Paths, relative to `root`, of what lies directly below a folder. */
type Folder = { readonly files: readonly string[]; readonly folders: readonly string[] };

/** Paths, relative to `root`, of the files directly below the folder `artifactPath`. */
export async function listArtifacts(
  client: MlflowClient,
  root: string,
  artifactPath: string,
): Promise<readonly string[]> {
  return (await listFolder(client, root, artifactPath)).files;
}

/** Paths, relative to `root`, of all files below it, however deep. */
export async function listAllArtifacts(client: MlflowClient, root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const ahead = [''];
  for (let folder = ahead.pop(); folder !== undefined; folder = ahead.pop()) {
    const { files, folders } = await listFolder(client, root, folder);
    found.push(...files);
    ahead.push(...folders);
  }
  return found;
}

/** The folder itself is named by an empty path. */
async function listFolder(client: MlflowClient, root: string, folder: string): Promise<Folder> {
  const entries = await listEntries(client, locateStore(client, root), folder);
  const under = (isFolder: boolean) =>
    entries
      .filter((entry) => entry.isFolder === isFolder)
      .map(({ name }) => (folder === '' ? name : `${folder}/${name}`));
  return { files: under(false), folders: under(true) };
}

type Entry = { readonly name: string; readonly isFolder: boolean };

async function listEntries(client: MlflowClient, store: Store, folder: string): Promise<readonly Entry[]> {
  if (store.kind === 'folder') {
    const entries = await readdir(path.join(store.folder, folder), { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  }
  const url = new URL(`${client.uri}/api/2.0/mlflow-artifacts/artifacts`);
  const base = decodeURIComponent(store.url.slice(`${url.href}/`.length));
  url.searchParams.set('path', folder === '' ? base : `${base}/${folder}`);
  const { body } = await requestJson({ url, headers: client.headers }, client.http);
  return listing
    .parse(body)
    .files.map((file) => ({ name: path.posix.basename(file.path), isFolder: file.is_dir }));
}

function locateStore(client: MlflowClient, root: string): Store {
  if (root.startsWith('mlflow-artifacts:')) {
    // With a host the URI names another server's proxy; the path is the same either way.
    const inside = root.replace(/^mlflow-artifacts:(\/\/[^/]*)?\/*/, '');
    return { kind: 'proxy', url: `${client.uri}/api/2.0/mlflow-artifacts/artifacts/${encodePath(inside)}` };
  }
  if (root.startsWith('file:')) return { kind: 'folder', folder: fileURLToPath(root) };
  if (path.isAbsolute(root)) return { kind: 'folder', folder: root };
  throw unreachableStore(root);
}

/** Throws a UserError where the artifacts below `root` don't go through the tracking server. */
export function requireProxied(client: MlflowClient, root: string): void {
  if (locateStore(client, root).kind === 'folder') throw unreachableStore(root);
}

function unreachableStore(root: string): UserError {
  return new UserError([
    {
      code: 'artifacts-not-proxied',
      message: `The run keeps its artifacts at ${root}, which can't be reached through the tracking server.`,
      remedy:
        'Start the MLflow server with --serve-artifacts and --artifacts-destination (the default), and use a new experiment.',
    },
  ]);
}

function encodePath(artifactPath: string): string {
  return artifactPath.split('/').map(encodeURIComponent).join('/');
}
