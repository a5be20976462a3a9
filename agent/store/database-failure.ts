import { dirname } from 'node:path';
import { messageOf, type Problem, UserError } from '../../core/errors.ts';

/** SQLite's result codes (sqlite.org/rescode.html): somebody else holds it; it is no whole database any more. */
export const HELD: ReadonlySet<number> = new Set([5, 6]);
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

/**
 * What a copy needs before it is used: deploy takes a number that it knows for one it has counted, so it numbers on from the clock (ms since
 * 1970), which is beyond whatever any host that went on from this database has given: none counts a thousand things a second. Where the
 * clock is behind, it numbers on from far beyond where it was. The proxy may have counted on meanwhile.
 */
export const NUMBER_ON =
  "UPDATE sqlite_sequence SET seq = IIF(seq < strftime('%s','now') * 1000, strftime('%s','now') * 1000, seq + 1000000000); " +
  "DELETE FROM memory WHERE key LIKE 'counted/%'";

/** Says that the schema of a database is of a later agent than this one. */
export function newerDatabase(file: string, found: number, known: number): UserError {
  return failure(undefined, {
    code: 'database-newer',
    message: `The agent's database ${file} was written by a later agent: its schema is ${found}, and this agent knows ${known}.`,
    remedy:
      'Start the version that ran here last, or a later one. To go back, restore a backup that the older version has made.',
  });
}

/** SQLite's result code of what was thrown; `undefined` of what SQLite has not said. */
export function sqliteCodeOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) : undefined;
}

/** What went wrong with the agent's database, and what to do. What is not known is quoted. */
export function databaseFailure(file: string, cause: unknown): UserError {
  if (cause instanceof UserError) return cause;
  const code = sqliteCodeOf(cause);
  if (code !== undefined && DAMAGED.has(code)) return damagedDatabase(file, messageOf(cause));
  if (code !== undefined && HELD.has(code)) {
    return failure(cause, {
      code: 'data-folder-in-use',
      message: `Another process holds ${file}.`,
      remedy: 'Stop the other agent, or give this one a --data-dir of its own.',
    });
  }
  return failure(cause, {
    code: 'database-unusable',
    message: `The agent's database ${file} can't be used (${messageOf(cause)}).`,
    remedy: 'See to the disk, and to who owns the folder and its files.',
  });
}

/** The failure of a database that is not whole. */
export function damagedDatabase(file: string, what: string): UserError {
  return failure(undefined, {
    code: 'database-damaged',
    message:
      `The agent's database ${file} is damaged (${what}). In it were what is deployed here, how requests are shared out, counts, ` +
      'late labels and reports that wait.',
    remedy:
      `Put a copy of ${dirname(file)} back, or save what can be saved with \`sqlite3 ${file} .recover\`; before the agent starts on ` +
      `either, run \`sqlite3 ${file} "${NUMBER_ON}"\`, or deploy takes what is counted from then on for what it has seen. Else move ` +
      'agent.db, agent.db-wal and agent.db-shm out of the folder: the agent then begins as a new host, serves nothing, and is to be deployed to.',
  });
}

function failure(cause: unknown, problem: Problem): UserError {
  return new UserError([problem], { cause });
}
