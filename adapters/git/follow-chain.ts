import { hash } from 'node:crypto';
import type { Problem } from '../../core/errors.ts';
import { digestOf } from '../../core/identity/digest.ts';
import { addLink, type Chain, findBreak, signatureProblem } from '../../core/ledger/chain/chain.ts';
import type { LedgerLine } from '../../core/ledger/parse-ledger.ts';
import type { LineKeys } from '../signing/line-keys.ts';

/** Lines of one file, and how far the ones before them were followed. */
type Lines = { readonly path: string; readonly lines: readonly LedgerLine[]; readonly chain: Chain };

/** How far the lines go, the digest of each, where the chain breaks, the last line that is signed, and those after it that are not. */
type Followed = {
  readonly chain: Chain;
  readonly digests: readonly string[];
  readonly problems: readonly Problem[];
  readonly lastSigned: PlacedLine | undefined;
  readonly unsigned: readonly PlacedLine[];
};

/** A line and its file. */
export type PlacedLine = { readonly path: string; readonly line: LedgerLine };

/**
 * Follows lines one by one. Signatures are not looked at here: `checkSignature` does that. Where no key is known, that a line has none
 * is no matter.
 */
export function followChain({ path, lines, chain: before }: Lines, keys: LineKeys): Followed {
  const digests: string[] = [];
  const problems: Problem[] = [];
  let chain = before;
  let lastSigned: PlacedLine | undefined;
  let unsigned: PlacedLine[] = [];
  for (const line of lines) {
    const { follows, signatures } = line.event;
    const digest = digestLine(line.text);
    const isSigned = signatures !== undefined;
    const text = follows === undefined ? undefined : String(follows);
    const link = { kind: kindOf(line), digest, follows: text, isSigned };
    const found = findBreak(chain, link);
    if (found !== undefined && (found.code !== 'ledger-unsigned' || keys.isSigned !== undefined)) {
      problems.push({ ...found, where: { kind: 'file', file: path, line: line.number } });
    }
    if (isSigned) [lastSigned, unsigned] = [{ path, line }, []];
    else if (chain.isSigned) unsigned.push({ path, line });
    chain = addLink(chain, link);
    digests.push(digest);
  }
  return { chain, digests, problems, lastSigned, unsigned };
}

function kindOf({ event }: LedgerLine): string {
  return event.kind === 'unknown' ? event.data.kind : event.kind;
}

/**
 * What is wrong with the signatures of a line, as far as keys are known. Who signed it had followed all lines before it, and checked
 * the last signature among those: the last one vouches for the whole ledger.
 */
export function checkSignature({ path, line }: PlacedLine, { isSigned }: LineKeys): Problem | undefined {
  if (isSigned === undefined || isSigned(line.text)) return undefined;
  return { ...signatureProblem(), where: { kind: 'file', file: path, line: line.number } };
}

/** The digest by which the next line names this one: of its text as it stands, without the line break. */
export function digestLine(text: string): string {
  return digestOf(hash('sha256', text));
}
