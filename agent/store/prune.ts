import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { messageOf } from '../../core/errors.ts';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { foldWindows } from '../windows/fold-windows.ts';
import { totalInvalid } from '../windows/total-invalid.ts';
import { listFolders } from './list-folders.ts';
import { pruneBlobs } from './package-files.ts';

const SECONDS_PER_DAY = 86_400;
/** Observations live this long at most: a rollout is over by then, and replays are made from its summary. */
const OBSERVATION_DAYS = 7;
/** Rows that are kept at most, whatever their age allows. */
const MOST_ROWS = { labels: 1_000_000, others: 200_000 } as const;
/** Of a version that was asked lately so many older windows are kept: one of a drift cycle, so a year of days. */
const MOST_OLD_WINDOWS = 400;
/** A copy that nobody wrote to for so long was left behind: making a backup of it takes some hours at most. */
const COPY_DAYS = 1;
/** The package of a version that has ended, or of one that was never started, is kept for so long, in days. */
const PACKAGE_DAYS = 1;

/**
 * Deletes what nobody will ask for again: old rows, and package files that no version here needs; and folds what has been judged.
 * What fails is logged, and keeps nothing else from being deleted.
 */
export async function pruneStore(context: AgentContext): Promise<void> {
  const { clock, options, log } = context;
  const old = addSeconds(clock.now(), -options.retentionDays * SECONDS_PER_DAY);
  const parts: readonly (readonly [string, () => void | Promise<void>])[] = [
    ['old rows', () => pruneRows(context, old)],
    ['old windows', () => pruneWindows(context, old)],
    ['versions that have ended', () => pruneInstances(context, old)],
    ['what workers wrote', () => pruneCapture(context, epochMs(old))],
    ['packages', () => void pruneBlobs(context, PACKAGE_DAYS * SECONDS_PER_DAY)],
    ['copies', () => pruneCopies(context)],
    ['windows', () => foldWindows(context)],
  ];
  for (const [what, work] of parts) {
    try {
      await work();
    } catch (thrown) {
      log.warn(`In pruning ${what}: ${messageOf(thrown)}`);
    }
  }
}

function pruneRows({ store, clock, options }: AgentContext, others: string): Promise<void> {
  const days = Math.min(OBSERVATION_DAYS, options.retentionDays);
  return store.prune({ observations: addSeconds(clock.now(), -days * SECONDS_PER_DAY), others }, MOST_ROWS);
}

/** What drift began from is in the first days of a version: they are kept while it serves, and while it may be gone back to. */
function pruneWindows(context: AgentContext, before: string): void {
  const { windows } = context.store;
  for (const version of windows.versions()) {
    const isKept = isServed(context, version) || windows.endedLast(version) >= before;
    windows.forget(version, { before, keep: isKept ? MOST_OLD_WINDOWS : 0 });
  }
}

function pruneInstances(context: AgentContext, before: string): void {
  const { store } = context;
  for (const { model, version, state, since } of store.instances()) {
    const hasEnded = state === 'stopped' || state === 'failed';
    if (hasEnded && !isServed(context, { model, version }) && since < before)
      store.deleteInstance(model, version);
  }
}

function isServed(
  { store }: AgentContext,
  { model, version }: Pick<CaptureWindow, 'model' | 'version'>,
): boolean {
  const traffic = store.getTraffic(model)?.traffic;
  return traffic?.stable === version || traffic?.candidate === version;
}

/**
 * Drops what workers wrote that nobody has touched since: logs of predictions whose labels would come too late. The folder of a version
 * may be its model's own, and what lies in it be a link; what lies deeper is nothing that a worker of ours wrote.
 */
function pruneCapture(context: AgentContext, olderThan: number): void {
  const { options, store } = context;
  for (const instance of store.instances()) totalInvalid(context, instance);
  const capture = join(options.dataDir, 'capture');
  const versions = listFolders(capture).flatMap(listFolders);
  for (const folder of versions) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name);
      if (entry.isFile() && statSync(file).mtimeMs < olderThan) rmSync(file, { force: true });
    }
  }
}

/** Drops copies of the database that nobody fetched, and what was left of a backup that was killed. */
function pruneCopies({ clock, options }: AgentContext): void {
  const olderThan = epochMs(addSeconds(clock.now(), -COPY_DAYS * SECONDS_PER_DAY));
  const folder = join(options.dataDir, 'backup');
  if (!existsSync(folder)) return;
  for (const path of readdirSync(folder).map((name) => join(folder, name)))
    if (writtenAt(path) < olderThan) rmSync(path, { recursive: true, force: true });
}

/** When a file was written last (ms since 1970), or a folder and what lies in it; one that has gone meanwhile was written just now. */
function writtenAt(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return Number.POSITIVE_INFINITY;
  const within = stat.isDirectory() ? readdirSync(path).map((name) => writtenAt(join(path, name))) : [];
  return Math.max(stat.mtimeMs, ...within);
}
