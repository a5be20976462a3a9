import { type Problem, UserError } from '../../core/errors.ts';
import { LINE_TYPE, type Signature, splitSignatures } from '../../core/ledger/chain/seal.ts';
import { createSigner, createVerifier, publicHalf } from './dsse.ts';

/** What a job can do about the signatures of the ledger's lines. */
export type LineKeys = {
  /** Signatures over a line; `undefined` without a signing key. */
  readonly sign: ((payload: string) => readonly Signature[]) | undefined;
  /** Whether a trusted key signed the line as it stands; `undefined` where no key is known, and signatures are not looked at. */
  readonly isSigned: ((line: string) => boolean) | undefined;
  /** What is wrong with keys that were given. They count as not given: a damaged key stops nothing that takes back. */
  readonly flaws: readonly Problem[];
};

/** Keys of a job that has none. */
export const NO_KEYS: LineKeys = { sign: undefined, isSigned: undefined, flaws: [] };

type KeyTexts = {
  /** Ed25519 private key, PKCS#8 PEM. */
  readonly privateKey: string | undefined;
  /** Ed25519 public keys, SPKI PEM, beside the private key's own. */
  readonly trusted: readonly string[];
  /** What the signed lines are said to be: those of the ledger where it is left out. A signature of one type is none of another. */
  readonly type?: string;
};

/** Keys for the ledger, or for lines of another type, as far as they can be read. */
export function createLineKeys({ privateKey, trusted, type = LINE_TYPE }: KeyTexts): LineKeys {
  const payloadOf = (text: string) => ({ type, bytes: Buffer.from(text) });
  const own = privateKey === undefined || privateKey === '' ? undefined : privateKey;
  const signer = own === undefined ? undefined : attempt(() => createSigner(own));
  const sign = signer?.value;
  const readable = trusted.map((key) => attempt(() => createVerifier([key])));
  const ownCheck = own === undefined || sign === undefined ? [] : [createVerifier([publicHalf(own)])];
  const checks = [...ownCheck, ...readable.flatMap(({ value }) => (value === undefined ? [] : [value]))];
  const flaws = [...(signer?.flaws ?? []), ...readable.flatMap((one) => one.flaws)];
  return {
    flaws,
    sign: sign && ((payload) => [sign(payloadOf(payload))]),
    isSigned:
      checks.length === 0
        ? undefined
        : (line) => {
            const signed = splitSignatures(line);
            if (signed === undefined) return false;
            return checks.some((check) => check(payloadOf(signed.payload), signed.signatures));
          },
  };
}

type Attempt<T> = { readonly value: T | undefined; readonly flaws: readonly Problem[] };

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work(), flaws: [] };
  } catch (thrown) {
    if (thrown instanceof UserError) return { value: undefined, flaws: thrown.problems };
    throw thrown;
  }
}
