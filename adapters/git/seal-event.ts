import { addLink, type Chain } from '../../core/ledger/chain/chain.ts';
import { joinSignatures } from '../../core/ledger/chain/seal.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { formatLine } from '../../core/ledger/parse-ledger.ts';
import type { LineKeys } from '../signing/line-keys.ts';
import { digestLine } from './follow-chain.ts';

/** How far the lines before were followed, and how a new one is signed, if it is. */
type Sealing = { readonly chain: Chain; readonly sign: LineKeys['sign'] };

/** A new line without its line break, and the chain with it. */
type SealedLine = { readonly line: string; readonly chain: Chain };

/** The event as the next line of a ledger: it names the line before it and, with a key, is signed. */
export function sealEvent({ chain, sign }: Sealing, event: LedgerEvent): SealedLine {
  const payload = formatLine({ ...event, follows: chain.last }).trimEnd();
  const line = sign === undefined ? payload : joinSignatures(payload, sign(payload));
  const { kind } = event;
  const link = { kind, digest: digestLine(line), follows: chain.last, isSigned: sign !== undefined };
  return { line, chain: addLink(chain, link) };
}
