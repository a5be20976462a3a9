import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { epochMs, type Instant } from '../../core/instant.ts';
import type { Log } from '../../core/ports.ts';
import {
  type AuditCall,
  type AuditEntry,
  type AuditRest,
  auditEntrySchema,
} from '../../core/serving/audit-entry.ts';
import type { Role } from '../../core/serving/route.ts';
import { readNewestLines } from '../machine/read-newest-lines.ts';
import { createCallBound } from './bound-calls.ts';

/**
 * The files of the folder, each with one before it, and how large they become, in bytes. Who is refused, or may send labels alone, fills a
 * file of their own: they can push out nothing of what deployers did, and strangers nothing of what those with a token did.
 */
const FILES = {
  changes: { name: 'changes.jsonl', bytes: 4 * 2 ** 20 },
  labels: { name: 'labels.jsonl', bytes: 2 ** 20 },
  denied: { name: 'denied.jsonl', bytes: 2 ** 20 },
  refused: { name: 'refused.jsonl', bytes: 2 ** 20 },
} as const satisfies Record<'changes' | AuditRest['of'], { readonly name: string; readonly bytes: number }>;
type FileKind = keyof typeof FILES;
/** No file of these is as large. */
const MOST_READ_BYTES = 16 * 2 ** 20;

/** The record of calls. What can't be written stops nothing: the log says so. */
export type AuditLog = {
  /** Writes a call down, of a route that needs a role. */
  readonly note: (call: AuditCall, need: Role) => void;
  /** Writes down how many calls there were that are not told one by one: of minutes that are over, or without a time of all. */
  readonly settle: (now?: Instant) => void;
};

/** Opens the record of calls in the data folder, for writing. */
export function openAuditLog(dataDir: string, log: Log): AuditLog {
  const bound = createCallBound();
  const write = createWriter(dataDir, log);
  const settle = (now?: Instant) => {
    for (const rest of bound.settle(now)) write(rest.of, rest);
  };
  return {
    note: (call, need) => {
      settle(call.at);
      const kind = kindOf(call, need);
      if (kind === 'changes' || bound.take(kind, call)) write(kind, call);
    },
    settle,
  };
}

function createWriter(dataDir: string, log: Log): (kind: FileKind, entry: AuditEntry) => void {
  let isFailing = false;
  /** Whose last line is known to have an end: that of an agent that was killed, or ran out of room, may have none. */
  const ended = new Set<FileKind>();
  return (kind, entry) => {
    try {
      append(dataDir, FILES[kind], `${ended.has(kind) ? '' : '\n'}${JSON.stringify(entry)}\n`);
      ended.add(kind);
      isFailing = false;
    } catch (thrown) {
      ended.delete(kind);
      if (!isFailing) log.warn(`Calls are not written down: ${messageOf(thrown)}`);
      isFailing = true;
    }
  };
}

function kindOf({ by, status }: AuditCall, need: Role): FileKind {
  // Also where the agent failed before it refused.
  if (by.kind === 'stranger') return 'refused';
  if (status === 403) return 'denied';
  return need === 'deployer' ? 'changes' : 'labels';
}

/**
 * The newest entries of a data folder, the oldest of them first: of each file as many as its share, so that none hides another, and where one
 * has fewer more of the others. What was cut off in the writing is left out.
 */
export function readAudit(dataDir: string, most: number): readonly AuditEntry[] {
  const files = Object.values(FILES).map(({ name }) =>
    byTime(newestLines(join(folderOf(dataDir), name), most).flatMap((line) => parseLine(line))),
  );
  const share = Math.floor(most / files.length);
  const own = files.flatMap((entries) => newest(entries, share));
  const others = files.flatMap((entries) => entries.slice(0, Math.max(0, entries.length - share)));
  return byTime([...newest(byTime(others), most - own.length), ...own]);
}

function byTime(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  return entries.toSorted((left, right) => epochMs(left.at) - epochMs(right.at));
}

function newest<T>(entries: readonly T[], most: number): readonly T[] {
  return entries.slice(Math.max(0, entries.length - most));
}

function append(dataDir: string, { name, bytes }: (typeof FILES)[FileKind], line: string): void {
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
  const lines = readNewestLines(file, most, MOST_READ_BYTES);
  if (lines.length >= most) return lines;
  return [...readNewestLines(`${file}.1`, most - lines.length, MOST_READ_BYTES), ...lines];
}

function parseLine(line: string): readonly AuditEntry[] {
  try {
    return [auditEntrySchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
