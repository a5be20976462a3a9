import { hash } from 'node:crypto';
import type { Problem } from '../../core/errors.ts';
import { digestOf } from '../../core/identity/digest.ts';
import { addLink, type Chain, findBreak, signatureProblem } from '../../core/ledger/chain/chain.ts';
import type { LedgerLine } from '../../core/ledger/parse-ledger.ts';
import type { LineKeys } from '../signing/line-keys.ts';

/** Lines of one file, and how far the ones before them were followed. */
type Lines = { readonly path: string; readonly lines: readonly LedgerLine[]; readonly chain: Chain };

/** How far the lines go, the digest of each, where the chain breaks, and the last line that is signed. */
type Followed = {
  readonly chain: Chain;
  readonly digests: readonly string[];
  readonly problems: readonly Problem[];
  readonly lastSigned: SignedLine | undefined;
};

/** A line that says it is signed. */
export type SignedLine = { readonly path: string; readonly line: LedgerLine };

/**
 * Follows lines one by one. Signatures are not looked at here: `checkSignature` does that. Where no key is known, that a line has none
 * is no matter.
 */
export function followChain({ path, lines, chain: before }: Lines, keys: LineKeys): Followed {
  const digests: string[] = [];
  const problems: Problem[] = [];
  let chain = before;
  let lastSigned: SignedLine | undefined;
  for (const line of lines) {
    const { follows, signatures } = line.event;
    const digest = digestLine(line.text);
    const isSigned = signatures !== undefined;
    const link = { digest, follows: follows === undefined ? undefined : String(follows), isSigned };
    const found = findBreak(chain, link);
    if (found !== undefined && (found.code !== 'ledger-unsigned' || keys.isSigned !== undefined)) {
      problems.push({ ...found, where: { kind: 'file', file: path, line: line.number } });
    }
    chain = addLink(chain, link);
    digests.push(digest);
    if (isSigned) lastSigned = { path, line };
  }
  return { chain, digests, problems, lastSigned };
}

/**
 * What is wrong with the signatures of a line, as far as keys are known. Who signed it had followed all lines before it, and checked
 * the last signature among those: the last one vouches for the whole ledger.
 */
export function checkSignature({ path, line }: SignedLine, { isSigned }: LineKeys): Problem | undefined {
  if (isSigned === undefined || isSigned(line.text)) return undefined;
  return { ...signatureProblem(), where: { kind: 'file', file: path, line: line.number } };
}

/** The digest by which the next line names this one: of its text as it stands, without the line break. */
export function digestLine(text: string): string {
  return digestOf(hash('sha256', text));
}
