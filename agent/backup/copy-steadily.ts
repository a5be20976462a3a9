import { closeSync, fdatasync, fdatasyncSync, openSync } from 'node:fs';
import { backup, type DatabaseSync } from 'node:sqlite';

/** Pages that are copied in one step: while one lasts, whoever asks the database waits. */
const STEP_PAGES = 100;
/** Pages that may be copied while the ones before are on their way to the disk: 2 MiB. */
const MOST_PAGES = 512;

/** How what was written of the copy gets to its disk: beside other work, or at once. */
type Flush = { readonly begin: () => Promise<void>; readonly wait: () => void };

/**
 * Copies a database into a file, whole, a part at a time, while it is written to. The last step of a copy waits, and everybody who asks the
 * database with it, until the disk has all of it: so what is copied is brought there all along, and little is left for the end.
 */
export async function copySteadily(database: DatabaseSync, file: string, given?: Flush): Promise<void> {
  // Open throughout: closing a file frees the locks that this process has on it.
  const descriptor = openSync(file, 'a', 0o600);
  const flush = given ?? flushOf(descriptor);
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
    await backup(database, file, { rate: STEP_PAGES, progress });
  } finally {
    await underWay;
    closeSync(descriptor);
  }
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
