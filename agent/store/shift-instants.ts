import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { addSeconds, instantSchema } from '../../core/instant.ts';
import type { StoredInstance } from './stored-instance.ts';
import type { StoredTraffic } from './stored-traffic.ts';

const memoryRow = z.object({ key: z.string(), body: z.string() });
const datedSchema = z.looseObject({ at: instantSchema });
const dueRow = z.object({ seq: z.number(), due: z.string() });

/** An instant so many ms later. */
function shift(instant: string, ms: number): string {
  return addSeconds(instant, ms / 1_000);
}

/** The instance with every instant that something is counted from moved by so many ms. */
export function shiftInstance(instance: StoredInstance, ms: number): StoredInstance {
  const { since, startedAt, unresponsiveSince, crashes } = instance;
  return {
    ...instance,
    since: shift(since, ms),
    startedAt: shift(startedAt, ms),
    crashes: crashes.map((crash) => shift(crash, ms)),
    ...(unresponsiveSince !== undefined && { unresponsiveSince: shift(unresponsiveSince, ms) }),
  };
}

/** The traffic with what its lease counts from moved by so many ms. */
export function shiftTraffic(stored: StoredTraffic, ms: number): StoredTraffic {
  const { setAt, heldSince, reminded } = stored;
  return {
    ...stored,
    setAt: shift(setAt, ms),
    ...(heldSince !== undefined && { heldSince: shift(heldSince, ms) }),
    ...(reminded !== undefined && { reminded: { ...reminded, at: shift(reminded.at, ms) } }),
  };
}

/** When each thing was last done, as far as it is remembered: what intervals count from. */
export function memoryInstants(database: DatabaseSync): readonly string[] {
  return readDated(database).map(({ body }) => body.at);
}

/** Moves when each thing was last done, and when each report is due again, by so many ms. */
export function shiftRows(database: DatabaseSync, ms: number): void {
  const remember = database.prepare('UPDATE memory SET body = ? WHERE key = ?');
  for (const { key, body } of readDated(database)) {
    remember.run(JSON.stringify({ ...body, at: shift(body.at, ms) }), key);
  }
  const postpone = database.prepare('UPDATE outbox SET due = ? WHERE seq = ?');
  for (const row of database.prepare('SELECT seq, due FROM outbox WHERE delivered IS NULL').all()) {
    const { seq, due } = dueRow.parse(row);
    postpone.run(shift(due, ms), seq);
  }
}

function readDated(database: DatabaseSync) {
  return database
    .prepare('SELECT key, body FROM memory')
    .all()
    .flatMap((row) => {
      const { key, body } = memoryRow.parse(row);
      const dated = datedSchema.safeParse(JSON.parse(body));
      return dated.success ? [{ key, body: dated.data }] : [];
    });
}
