import { Refusal } from '../api/refusal.ts';
import type { AgentContext } from '../context.ts';
import { sqliteCodeOf } from '../store/database-failure.ts';
import { copyDatabase, findLackOfRoom, noRoom } from './copy-database.ts';

/** SQLite's result code for a disk without room (sqlite.org/rescode.html). */
const FULL = 13;

const underWay = new WeakSet<AgentContext['store']>();

/** Copies the database of a running agent, one copy at a time; gives its size in bytes. Throws a Refusal where that can't be. */
export async function copyOnce({ store, blobs, options }: AgentContext): Promise<number> {
  if (underWay.has(store))
    throw new Refusal({
      status: 409,
      code: 'backup-under-way',
      message: 'Another copy is being made.',
      remedy: 'Wait until it is there.',
    });
  underWay.add(store);
  try {
    const lack = findLackOfRoom(options, await blobs.room());
    if (lack !== undefined) throw new Refusal({ status: 507, ...lack });
    return await copyDatabase(store, options.dataDir);
  } catch (thrown) {
    if (sqliteCodeOf(thrown) !== FULL) throw thrown;
    throw new Refusal({
      status: 507,
      ...noRoom('The disk of the data folder became full while the database was copied.'),
    });
  } finally {
    underWay.delete(store);
  }
}
