import { messageOf, type Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { LedgerEvent } from './event.ts';
import { type RecordedEvent, readEvent } from './lines/read-event.ts';

/** One file of the ledger, or the end of one: JSON lines, an event each. */
export type LedgerFile = {
  readonly path: string;
  readonly text: string;
  /** Where `text` begins in the file; at its first line, 1, unless told. */
  readonly firstLine?: number;
};

/**
 * The events of the files, in the order given and line by line. Any line that is no event is a problem at its file and line: a ledger
 * that can't be read whole must not be written to. Fields and kinds that a newer version wrote are no such thing: see `readEvent`.
 */
export function parseLedger(
  files: readonly LedgerFile[],
): Result<readonly RecordedEvent[], readonly Problem[]> {
  const events: RecordedEvent[] = [];
  const problems: Problem[] = [];
  for (const { path, text, firstLine = 1 } of files) {
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const read = parseLine(line);
      if (read.ok) events.push(read.value);
      else problems.push(unreadable(path, firstLine + index, read.error));
    }
  }
  return problems.length > 0 ? err(problems) : ok(events);
}

/** The event as its line of the ledger, newline included. */
export function formatLine(event: LedgerEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The file of the ledger that an event belongs into: its month's, or the newest there is, so that files keep the order of appending. */
export function ledgerPath(event: Pick<LedgerEvent, 'model' | 'at'>, newest?: string): string {
  const own = `events/${event.model}/${event.at.slice(0, 7)}.jsonl`;
  return newest !== undefined && newest > own ? newest : own;
}

function parseLine(line: string): Result<RecordedEvent, string> {
  try {
    return readEvent(JSON.parse(line));
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}

function unreadable(file: string, line: number, why: string): Problem {
  return {
    code: 'ledger-line',
    message: `This line of the ledger is no event (${why}).`,
    remedy:
      'Restore the line from the history of the ledger branch; nothing is written until every line can be read.',
    where: { kind: 'file', file, line },
  };
}
