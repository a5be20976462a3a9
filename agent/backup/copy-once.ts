import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import { copyDatabase } from './copy-database.ts';

/** SQLite's result code for a disk without room (sqlite.org/rescode.html). */
const FULL = 13;

const underWay = new WeakSet<AgentContext['store']>();

/** Copies the database of a running agent, one copy at a time; gives its size in bytes. Throws a Refusal where that can't be. */
export async function copyOnce({ store, options }: AgentContext): Promise<number> {
  if (underWay.has(store))
    throw new Refusal({
      status: 409,
      code: 'backup-under-way',
      message: 'Another copy is being made.',
      remedy: 'Wait until it is there.',
    });
  underWay.add(store);
  try {
    return await copyDatabase(store, options.dataDir);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'errcode' in thrown && thrown.errcode === FULL)) throw thrown;
    throw new Refusal({
      status: 507,
      code: 'disk-full',
      message: 'The disk of the data folder has no room for a copy of the database.',
      remedy: 'Make room there.',
    });
  } finally {
    underWay.delete(store);
  }
}
