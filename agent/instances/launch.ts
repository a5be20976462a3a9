import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AgentContext } from '../context.ts';
import type { Launch } from '../runtimes/runtime.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { hasServed } from './has-served.ts';

/** What the runtime needs to run an instance. */
export function launchOf(context: AgentContext, instance: StoredInstance): Launch {
  const { options, blobs, store } = context;
  const { model, version, manifest, handlers } = instance;
  return {
    model,
    version,
    manifest,
    payloadFile: blobs.path(manifest.payload.digest),
    workFolder: workFolder(options.dataDir, model, version),
    captureFolder: captureFolder(options.dataDir, model, version),
    captureSeconds: options.captureSeconds,
    handlers,
    hasServed: hasServed(store, instance),
  };
}

/** Letters of a model's folder: with them the longest data folder, version and socket have a path that Linux takes. */
const LETTERS = 12;

/** Where a model server has its configuration, its logs and its sockets, whose paths may have 107 bytes in all. */
function workFolder(dataDir: string, model: string, version: string): string {
  return join(dataDir, 'run', modelFolder(model), version);
}

/** A model's name where it is short; else its beginning, and what tells it from others that begin so. */
function modelFolder(model: string): string {
  if (model.length <= LETTERS) return model;
  return `${model.slice(0, 3)}.${createHash('sha256')
    .update(model)
    .digest('hex')
    .slice(0, LETTERS - 4)}`;
}

/** Where the workers of one version leave their counts. */
export function captureFolder(dataDir: string, model: string, version: string): string {
  return join(dataDir, 'capture', model, version);
}
