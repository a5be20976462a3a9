import { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './database.ts';
import { NUMBER_ON } from './database-failure.ts';

/** Tables whose rows others know by their numbers. */
const NUMBERED = ['observation', 'window', 'outbox'] as const;

/** Prepares a copy of a database to be gone on from: what it counts gets numbers beyond all that the original can have given since. */
export function numberOn(file: string): void {
  const database = new DatabaseSync(file);
  try {
    inTransaction(database, () => {
      for (const table of NUMBERED) {
        const begin =
          'INSERT INTO sqlite_sequence (name, seq) SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)';
        database.prepare(begin).run(table, table);
      }
      database.exec(NUMBER_ON);
    });
  } finally {
    database.close();
  }
}
