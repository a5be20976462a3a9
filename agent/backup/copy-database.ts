import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Store } from '../store/store.ts';

/** Where the copy of a data folder's database lies: there is one at most. */
export function copyOf(dataDir: string): string {
  return join(dataDir, 'backup', 'agent.db');
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
