import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ReferenceProfile, referenceProfileSchema } from '../../core/drift/profile.ts';
import type { AgentContext } from '../context.ts';

/** Bytes taken of one file at one look; the next one goes on from there. */
const MAX_BYTES = 8 * 2 ** 20;

/** The reference profile in a version's package; `undefined` when it has none. */
export function readProfile(
  { store, blobs }: AgentContext,
  model: string,
  version: string,
): ReferenceProfile | undefined {
  const profile = store.getInstance(model, version)?.manifest.profile;
  return profile === undefined
    ? undefined
    : referenceProfileSchema.parse(JSON.parse(blobs.readNow(profile.digest)));
}

/**
 * The logs of one version's workers, each with the one it was rotated from. A line is `id, time, answer, confidence bin`, separated
 * by tabs; `runtime/trainyard/prediction_log.py` writes them.
 */
export function listPredictionLogs(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^predictions-.*\.log(\.1)?$/.test(entry.name))
      .map(({ name }) => join(folder, name));
  } catch {
    return [];
  }
}

/** The whole lines appended to a file after `offset`, and where to go on. A file that was begun anew is read from its start. */
export function followLog(
  file: string,
  offset: number,
): { readonly lines: readonly string[]; readonly offset: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const from = size < offset ? 0 : offset;
  const bytes = Buffer.alloc(Math.min(MAX_BYTES, size - from));
  if (bytes.length === 0) return { lines: [], offset: from };
  const descriptor = openSync(file, 'r');
  try {
    const read = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from));
    const end = read.lastIndexOf(10) + 1;
    const text = read.subarray(0, end).toString();
    return { lines: text.split('\n').filter((line) => line !== ''), offset: from + end };
  } finally {
    closeSync(descriptor);
  }
}
