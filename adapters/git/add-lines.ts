import type { Chain } from '../../core/ledger/chain/chain.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { type LedgerFile, ledgerPath } from '../../core/ledger/parse-ledger.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { sealEvent } from './seal-event.ts';

/** The ledger's last files, in order; how far its lines were followed; and how the next ones are signed. */
type End = { readonly files: readonly LedgerFile[]; readonly chain: Chain; readonly sign: LineKeys['sign'] };

/** The files that change, and the digests of the new lines. */
type Added = { readonly files: readonly LedgerFile[]; readonly digests: readonly string[] };

/** The files that events are added to, each with its new lines, of which every one names the line before it. */
export function addLines({ files, chain: before, sign }: End, events: readonly LedgerEvent[]): Added {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const changed = new Set<string>();
  const digests: string[] = [];
  let chain = before;
  let newest = files.at(-1)?.path;
  for (const event of events) {
    newest = ledgerPath(event, newest);
    const text = texts.get(newest) ?? '';
    const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    const sealed = sealEvent({ chain, sign }, event);
    chain = sealed.chain;
    texts.set(newest, `${ended}${sealed.line}\n`);
    digests.push(chain.last);
    changed.add(newest);
  }
  return { files: [...changed].map((path) => ({ path, text: texts.get(path) ?? '' })), digests };
}
