import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { messageOf, type Problem, UserError } from '../core/errors.ts';
import { type Envelope, envelopeSchema } from '../core/ledger/envelope.ts';
import { type Statement, statementSchema } from '../core/ledger/statement.ts';
import { err, ok, type Result } from '../core/result.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Signs a statement with an Ed25519 private key (PKCS#8 PEM). Rejects any other key with a UserError. */
export function signStatement(statement: Statement, privateKey: string): Envelope {
  const key = readPrivateKey(privateKey);
  const payload = Buffer.from(JSON.stringify(statementSchema.parse(statement)));
  const signature = sign(null, encodeForSigning(PAYLOAD_TYPE, payload), key);
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [{ keyid: keyId(createPublicKey(key)), sig: signature.toString('base64') }],
  };
}

/**
 * The statement inside an envelope that one of the trusted keys (Ed25519 public keys, SPKI PEM) signed. The signature is checked before
 * anything of the payload is read.
 */
export function verifyEnvelope(
  envelope: unknown,
  trustedKeys: readonly string[],
): Result<Statement, Problem> {
  const read = envelopeSchema.safeParse(envelope);
  if (!read.success) return err(problem('envelope-invalid', 'This is no DSSE envelope.'));
  const payload = Buffer.from(read.data.payload, 'base64');
  const signed = encodeForSigning(read.data.payloadType, payload);
  const keys = trustedKeys.map(readPublicKey);
  const isSigned = read.data.signatures.some(({ sig }) =>
    keys.some((key) => verify(null, signed, key, Buffer.from(sig, 'base64'))),
  );
  if (!isSigned) return err(problem('signature-invalid', 'No trusted key signed this statement.'));
  const statement = statementSchema.safeParse(parseJson(payload));
  if (statement.success) return ok(statement.data);
  return err(problem('statement-invalid', 'The signed text is no statement about a package.'));
}

/** DSSE's pre-authentication encoding (github.com/secure-systems-lab/dsse, protocol v1). */
function encodeForSigning(type: string, payload: Buffer): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** SHA-256 of the key in DER: a name for people, nothing is decided by it. */
function keyId(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function readPrivateKey(pem: string): KeyObject {
  return requireEd25519(() => createPrivateKey(pem), 'signing-key-invalid', 'The signing key');
}

function readPublicKey(pem: string): KeyObject {
  return requireEd25519(() => createPublicKey(pem), 'trusted-key-invalid', 'A trusted key');
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

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

function problem(code: string, message: string): Problem {
  return {
    code,
    message,
    remedy: 'Deploy a version that the repository promoted, signed with a key that is trusted.',
  };
}
