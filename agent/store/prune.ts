import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { foldWindows } from '../windows/fold-windows.ts';
import { pruneBlobs } from './package-files.ts';

const SECONDS_PER_DAY = 86_400;
/** Observations live this long at most: a rollout is over by then, and replays are made from its summary. */
const OBSERVATION_DAYS = 7;
/** Rows of each kind that are kept whatever their age allows. */
const MAX_ROWS = 200_000;
/** The package of a version that has ended, or of one that was never started, is kept for so long, in days. */
const PACKAGE_DAYS = 1;

/** Deletes what nobody will ask for again: old rows, and package files that no version here needs; and folds what has been judged. */
export async function pruneStore(context: AgentContext): Promise<void> {
  const { store, clock, options } = context;
  const before = (days: number) => addSeconds(clock.now(), -days * SECONDS_PER_DAY);
  const windows = before(options.retentionDays);
  store.prune({ observations: before(Math.min(OBSERVATION_DAYS, options.retentionDays)), windows }, MAX_ROWS);
  for (const { model, version, state, since } of store.instances()) {
    if (state === 'stopped' && since < windows) store.deleteInstance(model, version);
  }
  pruneCapture(context, epochMs(windows));
  pruneBlobs(context, PACKAGE_DAYS * SECONDS_PER_DAY);
  await foldWindows(context);
}

/** Drops what workers wrote that nobody has touched since: logs of predictions whose labels would come too late. */
function pruneCapture({ options }: AgentContext, olderThan: number): void {
  const folder = join(options.dataDir, 'capture');
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && statSync(file).mtimeMs < olderThan) rmSync(file, { force: true });
  }
}
