import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { ownerOf } from '../runtimes/process/handle.ts';

/** Column of proc(5)'s `/proc/net/tcp` with a socket's state, that state for a listener, and the column of its inode. */
const STATE = 3;
const LISTENS = '0A';
const INODE = 9;

/**
 * Who listens on a TCP port of this machine, in words: the agent whose proxy it is, or a process by pid and command. `undefined`
 * when that can't be known: another user's sockets are nobody else's to see.
 */
export function findListener(port: number): string | undefined {
  const pid = findHolder(port);
  if (pid === undefined) return undefined;
  const owner = ownerOf(pid);
  const command = readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim().slice(0, 200) ?? '';
  return owner === undefined ? `process ${pid} (${command})` : `${owner} (process ${pid})`;
}

/** The process that listens on a TCP port of this machine; `undefined` when nobody does, or that can't be known. */
export function findHolder(port: number): number | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port)));
  const pid = listDirectory('/proc').find((name) => /^\d+$/.test(name) && holdsOne(name, inodes));
  return pid === undefined ? undefined : Number(pid);
}

/** Whether a process has this file open, as far as that can be known. */
export function hasOpen(pid: number, file: string): boolean {
  return listDirectory(`/proc/${pid}/fd`).some((fd) => readLink(`/proc/${pid}/fd/${fd}`) === file);
}

function listening(table: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return (readText(table) ?? '').split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const inode = columns[INODE];
    const isIt = columns[1]?.endsWith(suffix) === true && columns[STATE] === LISTENS;
    return isIt && inode !== undefined ? [inode] : [];
  });
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  return listDirectory(`/proc/${pid}/fd`).some((fd) => {
    const inode = /^socket:\[(?<inode>\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`) ?? '')?.groups?.[
      'inode'
    ];
    return inode !== undefined && inodes.has(inode);
  });
}

function listDirectory(path: string): readonly string[] {
  return attempt(() => readdirSync(path)) ?? [];
}

function readLink(path: string): string | undefined {
  return attempt(() => readlinkSync(path));
}

function readText(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}

/** A process may end while it is looked at, and another user's is closed. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
