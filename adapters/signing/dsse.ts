import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { messageOf, UserError } from '../../core/errors.ts';
import type { Signature } from '../../core/ledger/chain/seal.ts';
import { readSigningKey } from './private-keys.ts';

/** Something to be signed, and what it is said to be. */
type Payload = { readonly type: string; readonly bytes: Uint8Array };

/** Signs as DSSE does, with the Ed25519 private key of a text (PKCS#8 PEM), which may hold others too. Any other key alone throws a UserError. */
export function createSigner(privateKey: string): (payload: Payload) => Signature {
  const key = requireEd25519(() => readSigningKey(privateKey), 'signing-key-invalid', 'The signing key');
  const keyid = keyId(createPublicKey(key));
  return ({ type, bytes }) => ({
    keyid,
    sig: sign(null, encodeForSigning(type, bytes), key).toString('base64'),
  });
}

/** Whether one of the trusted keys (Ed25519 public keys, SPKI PEM) made one of the signatures. Other keys throw a UserError. */
export function createVerifier(
  trustedKeys: readonly string[],
): (payload: Payload, signatures: readonly Signature[]) => boolean {
  const keys = trustedKeys.map((key) =>
    requireEd25519(() => createPublicKey(key), 'trusted-key-invalid', 'A trusted key'),
  );
  return ({ type, bytes }, signatures) => {
    const signed = encodeForSigning(type, bytes);
    return signatures.some(({ sig }) =>
      keys.some((key) => verify(null, signed, key, Buffer.from(sig, 'base64'))),
    );
  };
}

/** The public half (SPKI PEM) of a private key that a signer was made of. */
export function publicHalf(privateKey: string): string {
  return createPublicKey(readSigningKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString();
}

/** DSSE's pre-authentication encoding (github.com/secure-systems-lab/dsse, protocol v1). */
export function encodeForSigning(type: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** SHA-256 of the key in DER: a name for people, nothing is decided by it. */
function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function requireEd25519(read: () => KeyObject, code: string, name: string): KeyObject {
  const remedy =
    'Make a pair with `openssl genpkey -algorithm ed25519` and give it in PEM, line breaks included.';
  try {
    const key = read();
    if (key.asymmetricKeyType === 'ed25519') return key;
    const message = `${name} is of the type ${key.asymmetricKeyType}, not Ed25519.`;
    throw new UserError([{ code, message, remedy }]);
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    // OpenSSL's message says what is wrong with the encoding and quotes nothing of the key.
    const message = `${name} can't be read: ${messageOf(thrown)}.`;
    throw new UserError([{ code, message, remedy }], { cause: thrown });
  }
}
