import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { copySteadily } from '../../agent/backup/copy-steadily.ts';

describe('a copy is brought to the disk while it is made, so that its end holds nobody up', () => {
  const ROWS = 4_000;
  let folder: string;
  let database: DatabaseSync;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ty-'));
    database = new DatabaseSync(join(folder, 'large.db'));
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE row (body TEXT)');
    database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
      INSERT INTO row SELECT printf('%.4000c', 'x') FROM n`);
  });
  afterEach(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function countCopied(file: string): unknown {
    const copy = new DatabaseSync(file, { readOnly: true });
    try {
      return copy.prepare('SELECT COUNT(*) AS rows FROM row').get();
    } finally {
      copy.close();
    }
  }

  test('it is whole, and a disk that keeps up is never waited for', async () => {
    const file = join(folder, 'copy.db');
    const said = { begun: 0, waited: 0 };
    const flush = {
      begin: async () => {
        said.begun += 1;
      },
      wait: () => {
        said.waited += 1;
      },
    };
    await copySteadily(database, file, { flush });
    expect(said.waited).toBe(0);
    expect(said.begun).toBeGreaterThan(10);
    expect(countCopied(file)).toEqual({ rows: ROWS });
  });

  test('a disk that falls behind is waited for after a few pages at most', async () => {
    const file = join(folder, 'copy.db');
    const slow = Promise.withResolvers<void>();
    const said = { waited: 0 };
    const flush = {
      begin: () => slow.promise,
      wait: () => {
        said.waited += 1;
        slow.resolve();
      },
    };
    await copySteadily(database, file, { flush });
    expect(said.waited).toBeGreaterThan(0);
    expect(countCopied(file)).toEqual({ rows: ROWS });
  });

  test('with the disk as it is, too, also while it is written to', async () => {
    const file = join(folder, 'copy.db');
    const copied = copySteadily(database, file);
    database.exec("INSERT INTO row VALUES ('later')");
    await copied;
    expect(countCopied(file)).toEqual({ rows: ROWS + 1 });
  });

  test('one that is begun while a transaction is open is begun again after it', async () => {
    const file = join(folder, 'copy.db');
    database.exec("BEGIN IMMEDIATE; INSERT INTO row VALUES ('later')");
    let waits = 0;
    const untilLater = async () => {
      waits += 1;
      if (waits === 2) database.exec('COMMIT');
    };
    await copySteadily(database, file, { untilLater });
    expect(waits).toBe(2);
    expect(countCopied(file)).toEqual({ rows: ROWS + 1 });
  });

  test('what does not pass is told at once, and a transaction without end in the end', async () => {
    let waits = 0;
    const untilLater = async () => {
      waits += 1;
    };
    await expect(copySteadily(database, join(folder, 'gone', 'copy.db'), { untilLater })).rejects.toThrow();
    expect(waits).toBe(0);
    database.exec("BEGIN IMMEDIATE; INSERT INTO row VALUES ('later')");
    const endless = copySteadily(database, join(folder, 'copy.db'), { untilLater });
    await expect(endless).rejects.toThrow('The database was being written to at each of 50 tries');
    expect(waits).toBeGreaterThan(10);
  });
});
