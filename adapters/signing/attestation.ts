import type { Problem } from '../../core/errors.ts';
import { type Envelope, envelopeSchema } from '../../core/ledger/envelope.ts';
import { type Statement, statementSchema } from '../../core/ledger/statement.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { createSigner, createVerifier } from './dsse.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Signs a statement with an Ed25519 private key (PKCS#8 PEM). Rejects any other key with a UserError. */
export function signStatement(statement: Statement, privateKey: string): Envelope {
  const payload = Buffer.from(JSON.stringify(statementSchema.parse(statement)));
  return {
    payloadType: PAYLOAD_TYPE,
    payload: payload.toString('base64'),
    signatures: [createSigner(privateKey)({ type: PAYLOAD_TYPE, bytes: payload })],
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
  const { payloadType: type, signatures } = read.data;
  if (!createVerifier(trustedKeys)({ type, bytes: payload }, signatures))
    return err(problem('signature-invalid', 'No trusted key signed this statement.'));
  const statement = statementSchema.safeParse(parseJson(payload));
  if (statement.success) return ok(statement.data);
  return err(problem('statement-invalid', 'The signed text is no statement about a package.'));
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
