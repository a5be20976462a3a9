import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { hostIdSchema } from '../../core/identity/host-id.ts';
import { copySteadily } from '../backup/copy-steadily.ts';
import { breathe } from '../machine/breathe.ts';
import { putAndRemember } from '../traffic/past-rollouts.ts';
import { type Cache, cacheUntilWritten } from './cache-until-written.ts';
import { inTransaction, openDatabase } from './database.ts';
import { databaseFailure } from './database-failure.ts';
import { createHeldCounts, type HeldCounts } from './held/held-counts.ts';
import { createLabelTable, type LabelTable } from './label-table.ts';
import { createMemoryTable, type MemoryTable } from './memory-table.ts';
import { createObservationTable, type ObservationTable } from './observation-table.ts';
import { createOutboxTable, type OutboxTable } from './outbox-table.ts';
import { memoryInstants, shiftInstance, shiftRows, shiftTraffic } from './shift-instants.ts';
import { type StoredInstance, storedInstanceSchema } from './stored-instance.ts';
import { createTrafficTable, type TrafficTable } from './traffic-table.ts';
import { createWindowTable, type WindowTable } from './window-table.ts';

/** Rows looked at in one go for their age: a few ms of work. */
const PIECE = 2_000;

/** Rows that are older are deleted; windows have a rule of their own, `windows.forget`. */
type Before = { readonly observations: string; readonly others: string };

/** Rows that are kept at most, whatever their age allows: of labels, and of each other kind. */
type MostRows = { readonly labels: number; readonly others: number };

/** Everything the agent remembers. Each call is one durable step. */
export type Store = ObservationTable &
  HeldCounts &
  TrafficTable &
  Omit<MemoryTable, 'forgetRead'> & {
    /** What this host is known by: made with the database, which numbers everything below. */
    readonly hostId: string;
    readonly instances: () => readonly StoredInstance[];
    readonly getInstance: (model: string, version: string) => StoredInstance | undefined;
    readonly putInstance: (instance: StoredInstance) => void;
    readonly deleteInstance: (model: string, version: string) => void;
    readonly windows: WindowTable;
    readonly labels: LabelTable;
    readonly outbox: OutboxTable;
    /** Deletes what is older than the instants, and all but the newest rows of each kind; what waits to be sent has bounds of its own. */
    readonly prune: (before: Before, most: MostRows) => Promise<void>;
    /** The latest instant that something counts from; what is due later is not among them. */
    readonly latestInstant: () => string | undefined;
    /** Moves every instant that something counts from, or waits for, by so many ms; what is history stays. */
    readonly shiftInstants: (ms: number) => void;
    /** Copies all of it into a file, a part at a time, while it is written to. */
    readonly copyTo: (file: string) => Promise<void>;
    readonly transaction: <T>(work: () => T) => T;
    readonly close: () => void;
  };

/** Opens the store in a file, alone. */
export function openStore(file: string): Store {
  const database = openDatabase(file);
  const { forgetRead, ...memory } = createMemoryTable(database);
  const hostId = keepHostId(file, memory);
  const instances = cacheUntilWritten(() => readInstances(database));
  const instanceRows = instanceTable(database, instances, forgetRead);
  const { forgetTraffic, ...trafficRows } = createTrafficTable(database, `${file}.held`);
  const transaction = <T>(work: () => T): T => {
    try {
      return inTransaction(database, work);
    } catch (thrown) {
      // What was written in it is undone.
      instances.clear();
      forgetTraffic();
      forgetRead();
      throw thrown;
    }
  };
  return {
    hostId,
    ...instanceRows,
    ...trafficRows,
    putTraffic: putAndRemember(memory, trafficRows),
    ...createObservationTable(database, hostId),
    ...createHeldCounts(),
    windows: createWindowTable(database, hostId),
    ...memory,
    labels: createLabelTable(database),
    outbox: createOutboxTable(database),
    prune: (before, most) => prune(database, before, most),
    latestInstant: () =>
      [
        ...instances.get().map(({ since }) => since),
        ...Object.values(trafficRows.traffic()).map(({ setAt }) => setAt),
        ...memoryInstants(database),
      ]
        .toSorted()
        .at(-1),
    shiftInstants: (ms) =>
      transaction(() => {
        for (const instance of instances.get()) instanceRows.putInstance(shiftInstance(instance, ms));
        for (const [model, stored] of Object.entries(trafficRows.traffic())) {
          trafficRows.putTraffic(model, shiftTraffic(stored, ms));
        }
        shiftRows(database, ms);
        forgetRead();
      }),
    copyTo: (copy) => copySteadily(database, copy),
    transaction,
    close: () => database.close(),
  };
}

const lastRow = z.object({ last: z.number().nullable() });
const bodyRow = z.object({ body: z.string() });

function parseRows<T>(rows: readonly unknown[], schema: z.ZodType<T>): readonly T[] {
  return rows.map((row) => schema.parse(JSON.parse(bodyRow.parse(row).body)));
}

const hostSchema = z.object({ id: hostIdSchema });

/** The id in the database, which is made when there is none. A UserError where it can't be written: a host is known by nothing else. */
function keepHostId(file: string, { getMemory, putMemory }: Pick<Store, 'getMemory' | 'putMemory'>): string {
  const known = getMemory('host', hostSchema);
  if (known !== undefined) return known.id;
  const id = randomUUID();
  try {
    putMemory('host', { id });
  } catch (cause) {
    throw databaseFailure(file, cause);
  }
  return id;
}

function readInstances(database: DatabaseSync): readonly StoredInstance[] {
  const all = database.prepare('SELECT body FROM instance ORDER BY model, CAST(version AS INTEGER)');
  return parseRows(all.all(), storedInstanceSchema);
}

function instanceTable(
  database: DatabaseSync,
  { get, clear }: Cache<readonly StoredInstance[]>,
  forgetRead: () => void,
): Pick<Store, 'instances' | 'getInstance' | 'putInstance' | 'deleteInstance'> {
  const put = database.prepare('INSERT OR REPLACE INTO instance (model, version, body) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM instance WHERE model = ? AND version = ?');
  const forget = database.prepare('DELETE FROM memory WHERE substr(key, -?) = ?');
  return {
    instances: get,
    getInstance: (model, version) => get().find((one) => one.model === model && one.version === version),
    putInstance: (instance) => {
      clear();
      put.run(instance.model, instance.version, JSON.stringify(instance));
    },
    deleteInstance: (model, version) => {
      clear();
      remove.run(model, version);
      const suffix = `/${model}/${version}`;
      forget.run(suffix.length, suffix);
      forgetRead();
    },
  };
}

/** Observations and labels have no index by age alone, and there are hundreds of thousands: they are looked at a few at a time. */
async function prune(database: DatabaseSync, before: Before, most: MostRows): Promise<void> {
  await deleteOlder(database, 'observation', before.observations);
  await deleteOlder(database, 'label', before.others);
  inTransaction(database, () => {
    database.prepare('DELETE FROM outbox WHERE delivered < ?').run(before.others);
    database.prepare('DELETE FROM label WHERE rowid <= (SELECT MAX(rowid) FROM label) - ?').run(most.labels);
    keepNewest(database, 'observation', most.others);
    keepNewest(database, 'window', most.others);
    keepNewest(database, 'outbox', most.others, 'delivered IS NOT NULL');
  });
}

async function deleteOlder(
  database: DatabaseSync,
  table: 'observation' | 'label',
  before: string,
): Promise<void> {
  const lastOf = database.prepare(
    `SELECT MAX(number) AS last FROM (SELECT rowid AS number FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ${PIECE})`,
  );
  const remove = database.prepare(`DELETE FROM ${table} WHERE rowid > ? AND rowid <= ? AND at < ?`);
  for (let after = 0; ; ) {
    const { last } = lastRow.parse(lastOf.get(after));
    if (last === null) return;
    remove.run(after, last, before);
    after = last;
    await breathe();
  }
}

/** By how many there are: numbers have gaps, where windows became one and where a restored database was numbered on. */
function keepNewest(
  database: DatabaseSync,
  table: 'observation' | 'window' | 'outbox',
  most: number,
  where = 'TRUE',
): void {
  const count = database.prepare(`SELECT COUNT(*) AS rows FROM ${table} WHERE ${where}`).get();
  const excess = Number(count?.['rows'] ?? 0) - most;
  if (excess <= 0) return;
  database
    .prepare(
      `DELETE FROM ${table} WHERE seq IN (SELECT seq FROM ${table} WHERE ${where} ORDER BY seq LIMIT ?)`,
    )
    .run(excess);
}
