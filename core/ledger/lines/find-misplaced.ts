import type { Problem } from '../../errors.ts';
import type { Instant } from '../../instant.ts';
import type { LedgerFile, LedgerLine } from '../parse-ledger.ts';

const MONTH = /\/(?<month>\d{4}-\d{2})\.jsonl$/;

/** A file of a model's folder, its lines, and the latest time that honest clocks can say now. */
type Placed = Pick<LedgerFile, 'path'> & {
  readonly model: string;
  readonly lines: readonly LedgerLine[];
  readonly latest: Instant;
};

/**
 * What does not belong where it is: lines of another model, whose signatures say nothing of this one; and a file of no month, or of one
 * that has not come, which would be the newest for ever.
 */
export function findMisplaced({ path, model, lines, latest }: Placed): readonly Problem[] {
  const month = MONTH.exec(path)?.groups?.['month'];
  const strangers = lines
    .filter(({ event }) => event.model !== model)
    .map(({ event, number }) => {
      const message = `This line of the ledger is of the model ${JSON.stringify(event.model)}, in a folder of ${model}.`;
      return misplaced(path, number, message);
    });
  if (month !== undefined && month <= latest.slice(0, 7)) return strangers;
  const why =
    month === undefined ? 'is of no month: its name says none' : `is of ${month}, which has not come`;
  return [misplaced(path, 1, `This file of the ledger ${why}.`), ...strangers];
}

function misplaced(file: string, line: number, message: string): Problem {
  return {
    code: 'ledger-misplaced',
    message,
    remedy:
      'No job of ours writes it there, unless the clock of its runner is wrong. Find the commit with scripts/audit.ts and put the branch back to the one before; nothing is believed or written until then.',
    where: { kind: 'file', file, line },
  };
}
