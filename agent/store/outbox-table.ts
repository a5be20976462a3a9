import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { DISPATCH_TYPES, type DispatchType } from '../../core/names.ts';
import { type DispatchPayload, dispatchPayloadSchema } from '../../core/serving/dispatch-payload.ts';
import { createHeldReports } from './held/held-reports.ts';
import type { OutboxEntry } from './outbox-entry.ts';

const dispatchTypeSchema = z.enum(DISPATCH_TYPES);

/** Reports of one type that wait at most; the oldest makes room. */
const MAX_PENDING = 1_000;

export type OutboxTable = {
  /** Adds a report; one whose id is known already is left out. */
  readonly add: (type: DispatchType, payload: DispatchPayload) => void;
  /** Keeps a report that could not be added: in this process, until it is delivered or added. It goes out before the others. */
  readonly hold: (type: DispatchType, payload: DispatchPayload) => void;
  /**
   * The report of this type to send at `now`. Order is kept within a type, but for brakes: each of them is a matter of its own, and
   * goes out although an earlier one waits.
   */
  readonly next: (type: DispatchType, now: string) => OutboxEntry | undefined;
  /** When `next` will give a report; `undefined` when none of this type is left. */
  readonly due: (type: DispatchType) => string | undefined;
  /** Resolves when a report is added, or need not wait any longer. */
  readonly changed: () => Promise<void>;
  /** Makes all that wait due at `now`: the way is open. */
  readonly hurry: (now: string) => void;
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
  const drop = database.prepare(
    `DELETE FROM outbox WHERE delivered IS NULL AND type = ? AND seq <= (
       SELECT seq FROM outbox WHERE delivered IS NULL AND type = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
  );
  const first = selectFirst(database);
  const hurry = database.prepare('UPDATE outbox SET due = ? WHERE delivered IS NULL AND due > ?');
  const deliver = database.prepare('UPDATE outbox SET delivered = ?, error = NULL WHERE seq = ?');
  const postpone = database.prepare(
    'UPDATE outbox SET attempts = attempts + 1, due = ?, error = ? WHERE seq = ?',
  );
  const expire = database.prepare('DELETE FROM outbox WHERE delivered IS NULL AND at < ?');
  const held = createHeldReports();
  let change = Promise.withResolvers<void>();
  const wake = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  return {
    add: (type, payload) => {
      add.run(payload.id, type, payload.at, JSON.stringify(payload), payload.at);
      drop.run(type, type, MAX_PENDING);
      held.remove(payload.id);
      wake();
    },
    hold: (type, payload) => {
      held.add(type, payload);
      wake();
    },
    changed: () => change.promise,
    due: (type) => [held.first(type)?.due, first(type)?.due].filter((due) => due !== undefined).toSorted()[0],
    hurry: (now) => {
      if (held.hurry(now)) wake();
      if (Number(hurry.run(now, now).changes) > 0) wake();
    },
    next: (type, now) => {
      const kept = held.first(type);
      if (kept !== undefined && kept.due <= now) return kept.entry;
      const entry = first(type);
      if (entry === undefined || entry.due > now) return undefined;
      const { due: _due, payload, ...rest } = entry;
      return { ...rest, payload: dispatchPayloadSchema.parse(JSON.parse(payload)) };
    },
    delivered: (seq, at) => {
      if (!held.deliver(seq)) deliver.run(at, seq);
    },
    postponed: (seq, due, reason) => {
      if (!held.postpone(seq, due)) postpone.run(due, reason, seq);
    },
    expire: (before) => Number(expire.run(before).changes),
    pending: createPending(database, held.instants),
  };
}

/** The stored report of a type that goes out first. */
function selectFirst(database: DatabaseSync): (type: DispatchType) => z.infer<typeof entryRow> | undefined {
  const select =
    'SELECT seq, type, payload, attempts, at, due FROM outbox WHERE delivered IS NULL AND type = ?';
  const oldest = database.prepare(`${select} ORDER BY seq LIMIT 1`);
  const soonest = database.prepare(`${select} ORDER BY due, seq LIMIT 1`);
  return (type) => {
    const row = (type === DISPATCH_TYPES.brake ? soonest : oldest).get(type);
    return row === undefined ? undefined : entryRow.parse(row);
  };
}

function createPending(database: DatabaseSync, heldSince: () => readonly string[]): OutboxTable['pending'] {
  const count = database.prepare(
    'SELECT COUNT(*) AS count, MIN(at) AS oldest FROM outbox WHERE delivered IS NULL',
  );
  const error = database.prepare('SELECT error FROM outbox WHERE delivered IS NULL ORDER BY seq LIMIT 1');
  return () => {
    const { count: stored, oldest } = pendingRow.parse(count.get());
    const held = heldSince();
    const row = error.get();
    return {
      count: stored + held.length,
      oldest: [...held, ...(oldest === null ? [] : [oldest])].toSorted()[0],
      error: row === undefined ? undefined : (errorRow.parse(row).error ?? undefined),
    };
  };
}
