import type { LedgerEvent } from '../../core/ledger/event.ts';
import { formatLine, type LedgerFile, ledgerPath } from '../../core/ledger/parse-ledger.ts';

/** The files that events are added to, each with its new lines; `files` are the ledger's last ones, in order. */
export function addLines(
  files: readonly LedgerFile[],
  events: readonly LedgerEvent[],
): readonly LedgerFile[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const changed = new Set<string>();
  let newest = files.at(-1)?.path;
  for (const event of events) {
    newest = ledgerPath(event, newest);
    const text = texts.get(newest) ?? '';
    const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    texts.set(newest, ended + formatLine(event));
    changed.add(newest);
  }
  return [...changed].map((path) => ({ path, text: texts.get(path) ?? '' }));
}
