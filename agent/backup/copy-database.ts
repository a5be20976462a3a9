import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Problem } from '../../core/errors.ts';
import { databaseFile } from '../options/options.ts';
import type { Store } from '../store/store.ts';

/** Where the copy of a data folder's database lies: there is one at most. */
export function copyOf(dataDir: string): string {
  return join(dataDir, 'backup', 'agent.db');
}

/** Why the database can't be copied on a disk that may take so many bytes more, reserve aside; `undefined` where it can. */
export function findLackOfRoom(
  { dataDir, reserveBytes }: { readonly dataDir: string; readonly reserveBytes: number },
  room: number,
): Problem | undefined {
  const file = databaseFile(dataDir);
  const needed = [file, `${file}-wal`].reduce((sum, part) => sum + sizeOf(part), 0);
  if (room > needed) return undefined;
  return noRoom(
    `A copy of the database takes up to ${needed} bytes, and the disk of the data folder has room for ${Math.max(0, room)}: ${reserveBytes} bytes are kept free.`,
  );
}

/** Says that a disk has no room for a copy. */
export function noRoom(message: string): Problem {
  return { code: 'no-room-for-copy', message, remedy: 'Make room there, and ask again.' };
}

/** Copies the database, whole, while it is written to; gives the copy's size in bytes. */
export async function copyDatabase(store: Pick<Store, 'copyTo'>, dataDir: string): Promise<number> {
  const [copy, part] = [copyOf(dataDir), `${copyOf(dataDir)}.part`];
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  rmSync(part, { force: true });
  writeFileSync(part, '', { mode: 0o600 });
  try {
    await store.copyTo(part);
    renameSync(part, copy);
    return statSync(copy).size;
  } finally {
    rmSync(part, { force: true });
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
