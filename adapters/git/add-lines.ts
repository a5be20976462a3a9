import { addLink, type Chain } from '../../core/ledger/chain/chain.ts';
import { joinSignatures } from '../../core/ledger/chain/seal.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { formatLine, type LedgerFile, ledgerPath } from '../../core/ledger/parse-ledger.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { digestLine } from './follow-chain.ts';

/** The ledger's last files, in order; how far its lines were followed; and how the next ones are signed. */
type End = { readonly files: readonly LedgerFile[]; readonly chain: Chain; readonly sign: LineKeys['sign'] };

/** The files that change, and the digests of the new lines. */
type Added = { readonly files: readonly LedgerFile[]; readonly digests: readonly string[] };

/** The files that events are added to, each with its new lines, of which every one names the line before it. */
export function addLines({ files, chain, sign }: End, events: readonly LedgerEvent[]): Added {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const changed = new Set<string>();
  const digests: string[] = [];
  let last = chain;
  let newest = files.at(-1)?.path;
  for (const event of events) {
    newest = ledgerPath(event, newest);
    const text = texts.get(newest) ?? '';
    const ended = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    const payload = formatLine({ ...event, follows: last.last }).trimEnd();
    const line = sign === undefined ? payload : joinSignatures(payload, sign(payload));
    const digest = digestLine(line);
    last = addLink(last, { digest, follows: last.last, isSigned: sign !== undefined });
    texts.set(newest, `${ended}${line}\n`);
    digests.push(digest);
    changed.add(newest);
  }
  return { files: [...changed].map((path) => ({ path, text: texts.get(path) ?? '' })), digests };
}
