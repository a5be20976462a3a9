import { messageOf, type Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { type LedgerEvent, ledgerEventSchema } from './event.ts';

/** One file of the ledger: JSON lines, an event each. */
export type LedgerFile = { readonly path: string; readonly text: string };

/**
 * The events of the files, in the order given and line by line. Any line that is no event is a problem at its file and line: a ledger
 * that can't be read whole must not be written to.
 */
export function parseLedger(
  files: readonly LedgerFile[],
): Result<readonly LedgerEvent[], readonly Problem[]> {
  const events: LedgerEvent[] = [];
  const problems: Problem[] = [];
  for (const { path, text } of files) {
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '') continue;
      const read = parseLine(line);
      if (read.ok) events.push(read.value);
      else problems.push(unreadable(path, index + 1, read.error));
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

function parseLine(line: string): Result<LedgerEvent, string> {
  try {
    const read = ledgerEventSchema.safeParse(JSON.parse(line));
    if (read.success) return ok(read.data);
    const [issue] = read.error.issues;
    return err(issue === undefined ? 'not an event' : `${issue.path.join('.') || 'event'}: ${issue.message}`);
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
