import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { DISPATCH_TYPES, type DispatchType } from '../../core/names.ts';
import { type DispatchPayload, dispatchPayloadSchema } from '../../core/serving/dispatch-payload.ts';

const dispatchTypeSchema = z.enum(DISPATCH_TYPES);

/** A report on its way to the repository. Its id and content never change, so a second delivery is seen as a replay. */
export type OutboxEntry = {
  readonly seq: number;
  readonly type: DispatchType;
  readonly payload: DispatchPayload;
  readonly attempts: number;
  readonly at: string;
};

export type OutboxTable = {
  /** Adds a report; one whose id is known already is left out. */
  readonly add: (type: DispatchType, payload: DispatchPayload) => void;
  /** The oldest undelivered report that is due at `now`. Order is kept: a later one never overtakes it. */
  readonly next: (now: string) => OutboxEntry | undefined;
  /** When the oldest undelivered report is due; `undefined` when there is none. */
  readonly due: () => string | undefined;
  /** Resolves when the next report is added. */
  readonly added: () => Promise<void>;
  readonly delivered: (seq: number, at: string) => void;
  readonly postponed: (seq: number, due: string, error: string) => void;
  /** Gives up on undelivered reports made before this instant: the repository would refuse them as stale. */
  readonly expire: (before: string) => number;
  readonly pending: () => {
    readonly count: number;
    readonly oldest: string | undefined;
    readonly error: string | undefined;
  };
};

const entryRow = z.object({
  seq: z.number(),
  type: dispatchTypeSchema,
  payload: z.string(),
  attempts: z.number(),
  at: z.string(),
  due: z.string(),
});
const pendingRow = z.object({ count: z.number(), oldest: z.string().nullable() });
const errorRow = z.object({ error: z.string().nullable() });

/** The outbox in the agent's database. */
export function createOutboxTable(database: DatabaseSync): OutboxTable {
  const add = database.prepare(
    'INSERT OR IGNORE INTO outbox (id, type, at, payload, due) VALUES (?, ?, ?, ?, ?)',
  );
  const first = database.prepare(
    'SELECT seq, type, payload, attempts, at, due FROM outbox WHERE delivered IS NULL ORDER BY seq LIMIT 1',
  );
  const deliver = database.prepare('UPDATE outbox SET delivered = ?, error = NULL WHERE seq = ?');
  const postpone = database.prepare(
    'UPDATE outbox SET attempts = attempts + 1, due = ?, error = ? WHERE seq = ?',
  );
  const expire = database.prepare('DELETE FROM outbox WHERE delivered IS NULL AND at < ?');
  const count = database.prepare(
    'SELECT COUNT(*) AS count, MIN(at) AS oldest FROM outbox WHERE delivered IS NULL',
  );
  const error = database.prepare('SELECT error FROM outbox WHERE delivered IS NULL ORDER BY seq LIMIT 1');
  let addition = Promise.withResolvers<void>();
  return {
    add: (type, payload) => {
      add.run(payload.id, type, payload.at, JSON.stringify(payload), payload.at);
      addition.resolve();
      addition = Promise.withResolvers();
    },
    added: () => addition.promise,
    due: () => {
      const row = first.get();
      return row === undefined ? undefined : entryRow.parse(row).due;
    },
    next: (now) => {
      const row = first.get();
      if (row === undefined) return undefined;
      const { seq, type, payload, attempts, at, due } = entryRow.parse(row);
      if (due > now) return undefined;
      return { seq, type, attempts, at, payload: dispatchPayloadSchema.parse(JSON.parse(payload)) };
    },
    delivered: (seq, at) => void deliver.run(at, seq),
    postponed: (seq, due, reason) => void postpone.run(due, reason, seq),
    expire: (before) => Number(expire.run(before).changes),
    pending: () => {
      const { count: pending, oldest } = pendingRow.parse(count.get());
      const row = error.get();
      return {
        count: pending,
        oldest: oldest ?? undefined,
        error: row === undefined ? undefined : (errorRow.parse(row).error ?? undefined),
      };
    },
  };
}
