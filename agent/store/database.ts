import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { damagedDatabase, databaseFailure, newerDatabase } from './database-failure.ts';

/** Each entry takes the schema from its index to the next; never edited once released, only appended to. */
const MIGRATIONS = [
  `
  CREATE TABLE instance (
    model TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (model, version)
  ) STRICT;
  CREATE TABLE traffic (model TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE observation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, rollout TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX observation_rollout ON observation (model, rollout, seq);
  CREATE TABLE window (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, version TEXT NOT NULL, at TEXT NOT NULL, body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX window_model ON window (model, seq);
  CREATE TABLE label (
    model TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, label TEXT NOT NULL,
    PRIMARY KEY (model, id)
  ) STRICT;
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, at TEXT NOT NULL,
    payload TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, due TEXT NOT NULL, delivered TEXT, error TEXT
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (delivered, due);
  CREATE TABLE memory (key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
  `,
  `
  ALTER TABLE label ADD COLUMN version TEXT;
  ALTER TABLE label ADD COLUMN predicted_at TEXT;
  ALTER TABLE label ADD COLUMN bin INTEGER;
  ALTER TABLE label ADD COLUMN correct INTEGER;
  CREATE INDEX label_version ON label (model, version, predicted_at);
  `,
  `
  CREATE INDEX label_waiting ON label (model) WHERE version IS NULL;
  `,
  `
  CREATE INDEX observation_at ON observation (model, at);
  `,
] as const;

/** The schema that this agent knows: it takes earlier ones to it, and refuses later ones. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Small tables that nothing goes on without. */
const VITAL = ['instance', 'traffic', 'memory'] as const;
/** A folder beside the database that the agent makes once it has one. */
const PACKAGES = 'packages';

/**
 * Opens the agent's database, brings its schema up to date, and holds it alone: a second agent on the same folder is refused.
 * Every statement is durable when it returns, so the process may be killed between any two. One that is damaged is a UserError, also
 * one that was emptied: it is not taken for a new one; and one of a later
 * agent, which is left as it is.
 */
export function openDatabase(file: string): DatabaseSync {
  const folder = dirname(file);
  const wasUsed = existsSync(join(folder, PACKAGES));
  if (wasUsed && statSync(file, { throwIfNoEntry: false })?.size === 0) {
    throw damagedDatabase(file, 'it is empty');
  }
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Its log beside it takes the rights it has at first.
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file);
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT;',
    );
    chmodSync(file, 0o600);
    migrate(file, database);
    for (const table of VITAL) database.prepare(`SELECT * FROM ${table}`).all();
    return database;
  } catch (cause) {
    database?.close();
    throw databaseFailure(file, cause);
  }
}

/** Does all of it or nothing, also when the process is killed in between. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (thrown) {
    database.exec('ROLLBACK');
    throw thrown;
  }
}

function migrate(file: string, database: DatabaseSync): void {
  const applied = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (applied > SCHEMA_VERSION) throw newerDatabase(file, applied, SCHEMA_VERSION);
  if (applied === SCHEMA_VERSION) return;
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    inTransaction(database, () => database.exec(`${migration}; PRAGMA user_version = ${index + 1};`));
  }
  // Who looks at the file beside a running agent, as an older package does before it is unpacked, sees the number in it.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}
