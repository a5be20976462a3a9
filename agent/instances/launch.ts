import { join } from 'node:path';
import type { AgentContext } from '../context.ts';
import type { Launch } from '../runtimes/runtime.ts';
import type { StoredInstance } from '../store/stored-instance.ts';
import { hasServed } from './has-served.ts';

/** What the runtime needs to run an instance. Its folders' names are short: Unix sockets lie in them. */
export function launchOf(context: AgentContext, instance: StoredInstance): Launch {
  const { options, blobs, store } = context;
  const { model, version, manifest, handlers } = instance;
  return {
    model,
    version,
    manifest,
    payloadFile: blobs.path(manifest.payload.digest),
    workFolder: join(options.dataDir, 'run', model, version),
    captureFolder: captureFolder(options.dataDir, model, version),
    captureSeconds: options.captureSeconds,
    handlers,
    hasServed: hasServed(store, instance),
  };
}

/** Where the workers of one version leave their counts. */
export function captureFolder(dataDir: string, model: string, version: string): string {
  return join(dataDir, 'capture', model, version);
}
