import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { UserError } from '../../core/errors.ts';

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
] as const;

/**
 * Opens the agent's database, brings its schema up to date, and holds it alone: a second agent on the same folder is refused.
 * Every statement is durable when it returns, so the process may be killed between any two.
 */
export function openDatabase(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(file);
  try {
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT;',
    );
  } catch (cause) {
    database.close();
    throw new UserError(
      [
        {
          code: 'data-folder-in-use',
          message: `The data folder ${dirname(file)} can't be used alone.`,
          remedy: 'Stop the other agent, or give this one a --data-dir of its own.',
        },
      ],
      { cause },
    );
  }
  chmodSync(file, 0o600);
  migrate(database);
  return database;
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

function migrate(database: DatabaseSync): void {
  const applied = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < applied) continue;
    inTransaction(database, () => database.exec(`${migration}; PRAGMA user_version = ${index + 1};`));
  }
}
