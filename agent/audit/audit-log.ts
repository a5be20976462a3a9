import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { epochMs } from '../../core/instant.ts';
import type { Log } from '../../core/ports.ts';
import { type AuditEntry, auditEntrySchema } from '../../core/serving/audit-entry.ts';

/**
 * The files of the folder, each with one before it, and how large they become, in bytes. Who is refused fills a file of their own: it can
 * push out nothing of what was done.
 */
const FILES = {
  changes: { name: 'changes.jsonl', bytes: 4 * 2 ** 20 },
  refused: { name: 'refused.jsonl', bytes: 2 ** 20 },
} as const;
/** So many refused calls are written down a minute, and of the rest how many there were. */
const MOST_REFUSED = 10;
const MINUTE_MS = 60_000;

/** Writes an entry down. What can't be written stops nothing: the log says so. */
type NoteCall = (entry: AuditEntry) => void;

/** Opens the record of calls in the data folder, for writing. */
export function openAuditLog(dataDir: string, log: Log): NoteCall {
  const mayBeTold = boundRefused();
  let isFailing = false;
  /** Whose last line is known to have an end: that of an agent that was killed, or ran out of room, may have none. */
  const ended = new Set<string>();
  return (entry) => {
    const told = isRefused(entry) ? mayBeTold(entry) : entry;
    if (told === undefined) return;
    const file = isRefused(entry) ? FILES.refused : FILES.changes;
    try {
      append(dataDir, file, `${ended.has(file.name) ? '' : '\n'}${JSON.stringify(told)}\n`);
      ended.add(file.name);
      isFailing = false;
    } catch (thrown) {
      ended.delete(file.name);
      if (!isFailing) log.warn(`Calls are not written down: ${messageOf(thrown)}`);
      isFailing = true;
    }
  };
}

/** The newest entries of a data folder, the oldest of them first. What was cut off in the writing is left out. */
export function readAudit(dataDir: string, most: number): readonly AuditEntry[] {
  return Object.values(FILES)
    .flatMap(({ name }) => newestLines(join(folderOf(dataDir), name), most))
    .flatMap((line) => parseLine(line))
    .toSorted((left, right) => epochMs(left.at) - epochMs(right.at))
    .slice(-most);
}

/** Those of a minute up to a number; of the first one after it says how many were left out. */
function boundRefused(): (entry: AuditEntry) => AuditEntry | undefined {
  let since = 0;
  let count = 0;
  let untold = 0;
  return (entry) => {
    const now = epochMs(entry.at);
    // A clock that was set back begins anew, too.
    if (Math.abs(now - since) >= MINUTE_MS) [since, count] = [now, 0];
    count += 1;
    if (count > MOST_REFUSED) {
      untold += 1;
      return undefined;
    }
    const told = untold === 0 ? entry : { ...entry, untold };
    untold = 0;
    return told;
  };
}

function isRefused({ status }: AuditEntry): boolean {
  return status === 401 || status === 403;
}

function append(dataDir: string, { name, bytes }: (typeof FILES)[keyof typeof FILES], line: string): void {
  const folder = folderOf(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size + line.length > bytes) renameSync(file, `${file}.1`);
  appendFileSync(file, line, { mode: 0o600 });
}

function folderOf(dataDir: string): string {
  return join(dataDir, 'audit');
}

function newestLines(file: string, most: number): readonly string[] {
  const lines = [`${file}.1`, file].flatMap((one) => readText(one).split('\n'));
  return lines.filter((line) => line !== '').slice(-most);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return '';
    throw thrown;
  }
}

function parseLine(line: string): readonly AuditEntry[] {
  try {
    return [auditEntrySchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
