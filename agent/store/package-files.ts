import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import type { BlobFile } from './blobs.ts';
import type { StoredInstance } from './stored-instance.ts';

type Part = Pick<AgentContext, 'store' | 'blobs' | 'clock'>;

/** What of the packages on this host could go. */
type Spared = { readonly files: readonly BlobFile[]; readonly bytes: number };

/**
 * The files of packages that no version here needs, nor has needed for so many seconds. A version needs its package while it runs,
 * starts, or has its place in the traffic, and what was asked for or sent within that time is about to be started.
 */
export function listSpared({ store, blobs, clock }: Part, graceSeconds: number): Spared {
  const since = addSeconds(clock.now(), -graceSeconds);
  const needed = new Set(
    store
      .instances()
      .filter((instance) => isNeeded(store, instance, since))
      .flatMap(digestsOf),
  );
  const files = blobs.list().filter(({ digest, usedAt }) => usedAt < epochMs(since) && !needed.has(digest));
  return { files, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}

/** The files that versions here need now, by digest. */
export function listNeeded(store: Part['store'], now: string): readonly string[] {
  return store
    .instances()
    .filter((instance) => isNeeded(store, instance, now))
    .flatMap(digestsOf);
}

/** Deletes those files. */
export function pruneBlobs(context: Part, graceSeconds: number): Spared {
  const spared = listSpared(context, graceSeconds);
  for (const { digest } of spared.files) context.blobs.remove(digest);
  return spared;
}

/** Versions that need this file now, as `mnist version 7`. */
export function listUsers({ store, clock }: Part, digest: string): readonly string[] {
  const now = clock.now();
  return store
    .instances()
    .filter((instance) => isNeeded(store, instance, now) && digestsOf(instance).includes(digest))
    .map(({ model, version }) => `${model} version ${version}`);
}

function isNeeded(
  store: AgentContext['store'],
  { model, version, state, since }: StoredInstance,
  endedSince: string,
): boolean {
  const traffic = store.getTraffic(model)?.traffic;
  if (traffic?.stable === version || traffic?.candidate === version) return true;
  return (state !== 'stopped' && state !== 'failed') || since > endedSince;
}

function digestsOf({ manifest, manifestDigest }: StoredInstance): readonly string[] {
  const parts = [manifest.payload, manifest.profile, manifest.golden];
  return [manifestDigest, ...parts.flatMap((part) => (part === undefined ? [] : [part.digest]))];
}
