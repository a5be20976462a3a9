import type { Problem } from '../../errors.ts';
import { LEDGER_BRANCH } from '../../names.ts';

/** What the first line of a model's ledger follows: the digest of nothing. */
const OF_NOTHING = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** How far a model's lines were followed, over all its files: the digest of the last, and what held of the ones before. */
export type Chain = {
  readonly last: string;
  /** From the first line that names the one before, every line does. */
  readonly isChained: boolean;
  /** From the first line that is signed, every line is that raises traffic, or could lead to it. */
  readonly isSigned: boolean;
};

/**
 * Kinds that only lower traffic, stop or report. A job whose key is missing or damaged still takes back: what it writes is named to
 * whoever reads it, and believed.
 */
const TAKES_BACK: ReadonlySet<string> = new Set([
  'rollout.rolled-back',
  'rollout.held',
  'frozen',
  'lock.acquired',
  'lock.released',
  'monitor.judged',
]);

/** Whether events of that kind are believed without a signature where others need one. */
export function mayBeUnsigned(kind: string): boolean {
  return TAKES_BACK.has(kind);
}

/** A line as the chain sees it. `follows` is what it says the digest of the line before is. */
type Link = {
  readonly kind: string;
  readonly digest: string;
  readonly follows: string | undefined;
  readonly isSigned: boolean;
};

/** What is wrong with a link; the codes stand in docs/operations.md. */
type ChainBreak = Problem & { readonly code: 'ledger-chain' | 'ledger-unsigned' };

/** The chain before any line. */
export const NEW_CHAIN: Chain = { last: OF_NOTHING, isChained: false, isSigned: false };

/** The chain with one more line in it, whatever `findBreak` says of that. */
export function addLink(chain: Chain, link: Link): Chain {
  return {
    last: link.digest,
    isChained: chain.isChained || link.follows !== undefined,
    isSigned: chain.isSigned || link.isSigned,
  };
}

/** Why a line may not follow on the ones before it; nothing when it may. */
export function findBreak(chain: Chain, { kind, follows, isSigned }: Link): ChainBreak | undefined {
  if (follows === undefined && chain.isChained) {
    return broken(
      'ledger-chain',
      'This line does not say which it follows, and those before it do: an older version of Trainyard wrote it, or nobody of ours did.',
    );
  }
  if (follows !== undefined && follows !== chain.last) {
    return broken(
      'ledger-chain',
      `This line follows another than the one before it (it says ${follows}, that is ${chain.last}): lines before it were changed, removed or put in.`,
    );
  }
  if (!isSigned && chain.isSigned && !mayBeUnsigned(kind)) {
    return broken('ledger-unsigned', `This line (\`${kind}\`) is not signed, and those before it are.`);
  }
  return undefined;
}

/** The signatures of a line are by no trusted key. */
export function signatureProblem(): Problem {
  return {
    code: 'ledger-signature',
    message: 'No trusted key signed this line as it stands.',
    remedy: `${REMEDY} If a key of yours did, its public half belongs into TRAINYARD_TRUSTED_KEYS.`,
  };
}

const REMEDY = `Nothing is believed or written. Find the commit with scripts/audit.ts, see who pushed it, and put the branch back to the one before: \`git push origin +<commit>~1:refs/heads/${LEDGER_BRANCH}\`.`;

function broken(code: ChainBreak['code'], message: string): ChainBreak {
  return { code, message, remedy: REMEDY };
}
