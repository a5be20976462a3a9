import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { combineCounts, type WindowCounts } from '../../core/drift/windows/combine-counts.ts';
import { type Instant, secondsBetween } from '../../core/instant.ts';
import { SCHEMAS } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { captureFolder } from '../instances/launch.ts';
import { type CaptureSnapshot, captureSnapshotSchema, findUnreadable, readCapture } from './read-capture.ts';

/** A snapshot that has not changed for so long is deleted, in s: its worker has ended, or is idle and writes it again. */
const KEEP_UNCHANGED_SECONDS = 86_400;
/** Workers whose last counts are remembered after their file is gone. */
const MAX_REMEMBERED = 256;

const totalsSchema = z.object({ at: z.string(), snapshots: z.array(captureSnapshotSchema) });

/**
 * Closes a window for every version whose last one is old enough: what its workers counted since then, from the snapshots they
 * have written by now. Window and baseline are stored together, so each prediction is in exactly one window.
 */
export function closeWindows(context: AgentContext): void {
  for (const { model, version, state } of context.store.instances()) {
    if (state === 'ready' || state === 'draining') closeWindow(context, model, version);
  }
}

function closeWindow(context: AgentContext, model: string, version: string): void {
  const { store, clock, options } = context;
  const key = `captured/${model}/${version}`;
  const now = clock.now();
  const before = store.getMemory(key, totalsSchema);
  const folder = captureFolder(options.dataDir, model, version);
  if (before === undefined) {
    store.putMemory(key, { at: now, snapshots: [] });
    return;
  }
  if (secondsBetween(before.at, now) < options.windowSeconds) return;
  const snapshots = readCapture(folder);
  const window = subtractSnapshots(before.snapshots, snapshots);
  store.transaction(() => {
    if (window !== undefined) {
      store.windows.add({
        schema: SCHEMAS.window,
        host: options.hostName,
        model,
        version,
        from: before.at,
        to: now,
        ...window,
      });
    }
    store.putMemory(key, { at: now, snapshots: remember(before.snapshots, snapshots) });
  });
  dropUnchanged(folder, snapshots, now);
  warnOfUnreadable(context, { model, version, folder });
}

/** Counts that can't be read must not look like a version that nobody asks. */
function warnOfUnreadable(
  { log }: Pick<AgentContext, 'log'>,
  { model, version, folder }: { readonly model: string; readonly version: string; readonly folder: string },
): void {
  const [first, ...others] = findUnreadable(folder);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  log.warn(
    `What ${model} version ${version} counted can't be read (${first}${more} in ${folder}), so it is in no window: the package was built by ` +
      'another version of Trainyard. Build it again.',
  );
}

/** What was counted between two readings of the same version's workers; `undefined` when nothing was. */
function subtractSnapshots(
  before: readonly CaptureSnapshot[],
  now: readonly CaptureSnapshot[],
): WindowCounts | undefined {
  const parts = now.map((snapshot) => {
    const earlier = before.find(({ worker }) => worker === snapshot.worker);
    return earlier === undefined
      ? toCounts(snapshot)
      : combineCounts(toCounts(snapshot), toCounts(earlier), -1);
  });
  const [first, ...rest] = parts;
  if (first === undefined) return undefined;
  const sum = rest.reduce((left, right) => combineCounts(left, right, 1), first);
  return sum.n === 0 && sum.refused === 0 ? undefined : sum;
}

function toCounts({ n, invalid, refused, features, prediction }: CaptureSnapshot): WindowCounts {
  const { counts, confidence } = prediction;
  return { n, invalid, refused, features, prediction: { counts, ...(confidence && { confidence }) } };
}

/** What the next window counts from: the present snapshots, and the last ones of workers whose file is gone. */
function remember(
  before: readonly CaptureSnapshot[],
  now: readonly CaptureSnapshot[],
): readonly CaptureSnapshot[] {
  const gone = before.filter(({ worker }) => !now.some((snapshot) => snapshot.worker === worker));
  return [...now, ...gone.slice(0, MAX_REMEMBERED)];
}

function dropUnchanged(folder: string, snapshots: readonly CaptureSnapshot[], now: Instant): void {
  for (const { worker, at } of snapshots) {
    if (secondsBetween(at, now) > KEEP_UNCHANGED_SECONDS) rmSync(join(folder, worker), { force: true });
  }
}
