import { LINE_TYPE, type Signature, splitSignatures } from '../../core/ledger/chain/seal.ts';
import { isSignedBy, publicHalf, signPayload } from './dsse.ts';

/** What a job can do about the signatures of the ledger's lines. */
export type LineKeys = {
  /** Signatures over a line; `undefined` without a signing key. */
  readonly sign: ((payload: string) => readonly Signature[]) | undefined;
  /** Whether a trusted key signed the line as it stands; `undefined` where no key is known, and signatures are not looked at. */
  readonly isSigned: ((line: string) => boolean) | undefined;
};

type KeyTexts = {
  /** Ed25519 private key, PKCS#8 PEM. */
  readonly privateKey: string | undefined;
  /** Ed25519 public keys, SPKI PEM, beside the private key's own. */
  readonly trusted: readonly string[];
};

/** Reads nothing of the keys before they are used. */
export function createLineKeys({ privateKey, trusted }: KeyTexts): LineKeys {
  const own = privateKey === undefined || privateKey === '' ? undefined : privateKey;
  const known = () => (own === undefined ? trusted : [publicHalf(own), ...trusted]);
  const payloadOf = (text: string) => ({ type: LINE_TYPE, bytes: Buffer.from(text) });
  return {
    sign: own === undefined ? undefined : (payload) => [signPayload(payloadOf(payload), own)],
    isSigned:
      own === undefined && trusted.length === 0
        ? undefined
        : (line) => {
            const signed = splitSignatures(line);
            return signed !== undefined && isSignedBy(payloadOf(signed.payload), signed.signatures, known());
          },
  };
}
