import { copyFileSync, existsSync, lstatSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { addSeconds, epochMs } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { foldWindows } from '../windows/fold-windows.ts';
import { pruneBlobs } from './package-files.ts';

const SECONDS_PER_DAY = 86_400;
/** Observations live this long at most: a rollout is over by then, and replays are made from its summary. */
const OBSERVATION_DAYS = 7;
/** Rows that are kept at most, whatever their age allows. */
const MOST_ROWS = { labels: 1_000_000, others: 200_000 } as const;
/** A log that a running process writes is begun anew beyond this size; the part before is kept beside it. */
const LOG_BYTES = 16 * 2 ** 20;
/** The package of a version that has ended, or of one that was never started, is kept for so long, in days. */
const PACKAGE_DAYS = 1;

/** Deletes what nobody will ask for again: old rows, and package files that no version here needs; and folds what has been judged. */
export async function pruneStore(context: AgentContext): Promise<void> {
  const { store, clock, options } = context;
  const before = (days: number) => addSeconds(clock.now(), -days * SECONDS_PER_DAY);
  const windows = before(options.retentionDays);
  store.prune(
    { observations: before(Math.min(OBSERVATION_DAYS, options.retentionDays)), windows },
    MOST_ROWS,
  );
  for (const { model, version, state, since } of store.instances()) {
    const traffic = store.getTraffic(model)?.traffic;
    const isServed = traffic?.stable === version || traffic?.candidate === version;
    const hasEnded = state === 'stopped' || state === 'failed';
    if (hasEnded && !isServed && since < windows) store.deleteInstance(model, version);
  }
  pruneCapture(context, epochMs(windows));
  pruneLogs(options);
  pruneBlobs(context, PACKAGE_DAYS * SECONDS_PER_DAY);
  await foldWindows(context);
}

/**
 * Drops what workers wrote that nobody has touched since: logs of predictions whose labels would come too late. The folder of a version
 * may be its model's own, and what lies in it be a link; what lies deeper is nothing that a worker of ours wrote.
 */
function pruneCapture({ options }: AgentContext, olderThan: number): void {
  const capture = join(options.dataDir, 'capture');
  const versions = listFolders(capture).flatMap(listFolders);
  for (const folder of versions) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name);
      if (entry.isFile() && statSync(file).mtimeMs < olderThan) rmSync(file, { force: true });
    }
  }
}

/** What processes write to their standard output goes to a file that is theirs as long as they run. */
function pruneLogs({ dataDir }: AgentContext['options']): void {
  const ofServers = listFolders(join(dataDir, 'run')).flatMap(listFolders);
  const logs = [
    ...ofServers.map((folder) => join(folder, 'console.log')),
    join(dataDir, 'envoy', 'envoy.log'),
  ];
  for (const log of logs) {
    if ((lstatSync(log, { throwIfNoEntry: false })?.size ?? 0) <= LOG_BYTES) continue;
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
  }
}

function listFolders(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
}
