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

/** What a line says beside its event: the digest of the line before it, and its signatures. Both may be missing, or be anything. */
type Seal = Readonly<Partial<Record<'follows' | 'signatures', unknown>>>;

/** A line of the ledger: its text, without the line break, its number in its file, and the event in it. */
export type LedgerLine = {
  readonly text: string;
  readonly number: number;
  readonly event: RecordedEvent & Seal;
};

/** The lines of a file, and the problems of those that are no event. */
type FileLines = { readonly lines: readonly LedgerLine[]; readonly problems: readonly Problem[] };

/**
 * The lines of a file, in their order. Any that is no event is a problem at its file and line: a ledger that can't be read whole must
 * not be written to. Fields and kinds that a newer version wrote are no such thing: see `readEvent`.
 */
export function readLines({ path, text, firstLine = 1 }: LedgerFile): FileLines {
  const lines: LedgerLine[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const number = firstLine + index;
    const read = parseLine(line);
    if (read.ok) lines.push({ text: line, number, event: read.value });
    else problems.push(unreadable(path, number, read.error));
  }
  return { lines, problems };
}

/** The events of the files, in the order given and line by line, or the problems of lines that are none. */
export function parseLedger(
  files: readonly LedgerFile[],
): Result<readonly RecordedEvent[], readonly Problem[]> {
  const read = files.map(readLines);
  const problems = read.flatMap((file) => file.problems);
  if (problems.length > 0) return err(problems);
  return ok(read.flatMap(({ lines }) => lines.map(({ event }) => withoutSeal(event))));
}

/** The event as its line of the ledger, newline included, with all it carries. */
export function formatLine(event: LedgerEvent & Seal): string {
  return `${JSON.stringify(event)}\n`;
}

/** The file of the ledger that an event belongs into: its month's, or the newest there is, so that files keep the order of appending. */
export function ledgerPath(event: Pick<LedgerEvent, 'model' | 'at'>, newest?: string): string {
  const own = `events/${event.model}/${event.at.slice(0, 7)}.jsonl`;
  return newest !== undefined && newest > own ? newest : own;
}

function withoutSeal({
  follows: _follows,
  signatures: _signatures,
  ...event
}: RecordedEvent & Seal): RecordedEvent {
  return event;
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
