import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { windowFeatureSchema } from '../../core/drift/window.ts';
import { foreignInstantSchema } from '../../core/instant.ts';
import { SCHEMAS } from '../../core/names.ts';
import type { WorkerCounts } from './worker-counts.ts';

const count = z.int().nonnegative();

/**
 * What one worker of a model server has counted since it started, written atomically by `runtime/trainyard/handler.py`.
 * A restarted worker writes a new file, so no counter ever falls.
 */
export const captureSnapshotSchema = z.object({
  schema: z.literal(SCHEMAS.capture),
  model: z.string(),
  version: z.string(),
  worker: z.string(),
  startedAt: foreignInstantSchema,
  at: foreignInstantSchema,
  n: count,
  invalid: count,
  /** Requests that were answered with at least one row of `invalid`. */
  invalidAnswers: count,
  /** Copies that were: a package of before they were told apart counts them among the requests. */
  invalidCopies: count.default(0),
  refused: count,
  features: z.record(z.string(), windowFeatureSchema),
  prediction: z.object({ counts: z.array(count), confidence: z.array(count).nullish() }),
});
export type CaptureSnapshot = z.infer<typeof captureSnapshotSchema>;

/**
 * The snapshots of all workers that ever served from this folder, `worker` being the file's name, which no other worker ever
 * has. Files that are no snapshot are left out; `findUnreadable` names them.
 */
export function readCapture(folder: string): readonly CaptureSnapshot[] {
  return listFiles(folder).flatMap((file) => readSnapshot(folder, file) ?? []);
}

/** The files among the snapshots that can't be read as one: a package of another version of Trainyard wrote them. */
export function findUnreadable(folder: string): readonly string[] {
  return listFiles(folder).filter((file) => readSnapshot(folder, file) === undefined);
}

function readSnapshot(folder: string, file: string): CaptureSnapshot | undefined {
  const parsed = captureSnapshotSchema.safeParse(parseFile(join(folder, file)));
  return parsed.success ? { ...parsed.data, worker: file } : undefined;
}

/** Requests answered with what was NaN or broke the schema, by worker. */
export function countInvalid(snapshots: readonly CaptureSnapshot[]): WorkerCounts {
  return Object.fromEntries(snapshots.map(({ worker, invalidAnswers }) => [worker, invalidAnswers]));
}

/** Copies of requests that were answered so. */
export function countInvalidCopies(snapshots: readonly CaptureSnapshot[]): WorkerCounts {
  return Object.fromEntries(snapshots.map(({ worker, invalidCopies }) => [worker, invalidCopies]));
}

function listFiles(folder: string): readonly string[] {
  // Most versions have none: an exception at every look costs more than to ask.
  if (!existsSync(folder)) return [];
  try {
    // What else a model may lay there, a link or a pipe, would be read for ever.
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
