import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { backup, type DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import { HELD, sqliteCodeOf } from '../store/database-failure.ts';

/** Pages that are copied in one step: while one lasts, whoever asks the database waits. */
const STEP_PAGES = 100;
/** Pages that may be copied while the ones before are on their way to the disk: 2 MiB. */
const MOST_PAGES = 512;

/** How Node tells of a copy that is begun inside of a transaction: it reads the result code of the copy, where nothing is wrong. */
const UNTOLD = 0;
/** A transaction takes some ms: whoever meets so many in turn tells of it. */
const MOST_TRIES = 50;
const PAUSE_MS = 10;

/** How what was written of the copy gets to its disk: beside other work, or at once. */
type Flush = { readonly begin: () => Promise<void>; readonly wait: () => void };

/** What a copy waits for: its disk, and the end of a transaction. */
type Waits = { readonly flush: Flush; readonly untilLater: () => Promise<void> };

/**
 * Copies a database into a file, whole, a part at a time, while it is written to. The last step of a copy waits, and everybody who asks the
 * database with it, until the disk has all of it: so what is copied is brought there all along, and little is left for the end.
 */
export async function copySteadily(
  database: DatabaseSync,
  file: string,
  given: Partial<Waits> = {},
): Promise<void> {
  // Open throughout: closing a file frees the locks that this process has on it.
  const descriptor = openSync(file, 'a', 0o600);
  const { flush = flushOf(descriptor), untilLater = () => pause(PAUSE_MS) } = given;
  let underWay: Promise<void> | undefined;
  let pages = 0;
  const progress = () => {
    pages += STEP_PAGES;
    if (underWay === undefined) {
      pages = 0;
      underWay = flush.begin().finally(() => {
        underWay = undefined;
      });
    } else if (pages > MOST_PAGES) {
      pages = 0;
      flush.wait();
    }
  };
  try {
    await beginAgain(() => backup(database, file, { rate: STEP_PAGES, progress }), untilLater);
  } finally {
    await underWay;
    closeSync(descriptor);
  }
}

/** Does it again where the database was being written to when it began: the copy's steps run beside whoever writes. */
async function beginAgain(copy: () => Promise<unknown>, untilLater: Waits['untilLater']): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await copy();
      return;
    } catch (thrown) {
      if (!isPassing(thrown)) throw thrown;
      if (tries === MOST_TRIES) throw writtenAllAlong(thrown);
    }
    await untilLater();
  }
}

function writtenAllAlong(cause: unknown): Error {
  const said = `The database was being written to at each of ${MOST_TRIES} tries to copy it: ${messageOf(cause)}`;
  return new Error(said, { cause });
}

function isPassing(thrown: unknown): boolean {
  const code = sqliteCodeOf(thrown);
  return code !== undefined && (code === UNTOLD || HELD.has(code));
}

/** What can't be brought to the disk here is told by the end of the copy, which has to. */
function flushOf(descriptor: number): Flush {
  return {
    begin: () => new Promise((resolve) => void fdatasync(descriptor, () => resolve())),
    wait: () => {
      try {
        fdatasyncSync(descriptor);
      } catch {
        // SQLite's own file is told of it, too.
      }
    },
  };
}
