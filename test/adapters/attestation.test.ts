import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signStatement, verifyEnvelope } from '../../adapters/signing/attestation.ts';
import { UserError } from '../../core/errors.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from '../../core/ledger/statement.ts';

const DIGEST = 'ab'.repeat(32);

const statement: Statement = {
  _type: STATEMENT_TYPE,
  subject: [{ name: `mnist@sha256:${DIGEST}`, digest: { sha256: DIGEST } }],
  predicateType: PREDICATE_TYPE,
  predicate: {
    verdict: 'pass',
    model: 'mnist',
    version: '8',
    runId: 'r1',
    modelDigest: `sha256:${DIGEST}`,
    gate: {
      headline: 'Not worse.',
      holdoutDigest: `sha256:${DIGEST}`,
      evidenceDigest: `sha256:${DIGEST}`,
      judgedAt: '2026-11-21T09:00:00.000Z',
    },
    code: { repository: 'o/r', sha: 'abc' },
    ...{ environment: 'production', replaces: [] },
    signedAt: '2026-11-21T09:00:00.000Z',
  },
};

function makeKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('an attestation', () => {
  it('verifies with the public half of the key that signed it', () => {
    const key = makeKey();
    const envelope = signStatement(statement, key);
    expect(verifyEnvelope(envelope, [publicKeyOf(makeKey()), publicKeyOf(key)])).toEqual({
      ok: true,
      value: statement,
    });
  });

  it("signs DSSE's pre-authentication encoding of type and payload, as other tools check it", () => {
    const key = makeKey();
    const { payload, payloadType, signatures } = signStatement(statement, key);
    const text = Buffer.from(payload, 'base64').toString();
    const encoded = `DSSEv1 28 application/vnd.in-toto+json ${Buffer.byteLength(text)} ${text}`;
    const signature = Buffer.from(signatures[0]?.sig ?? '', 'base64');
    expect(payloadType).toBe('application/vnd.in-toto+json');
    expect(verify(null, Buffer.from(encoded), createPublicKey(key), signature)).toBe(true);
  });

  it('is refused when another key signed it, or none is trusted', () => {
    const envelope = signStatement(statement, makeKey());
    expect(verifyEnvelope(envelope, [publicKeyOf(makeKey())])).toMatchObject({
      error: { code: 'signature-invalid' },
    });
    expect(verifyEnvelope(envelope, [])).toMatchObject({ error: { code: 'signature-invalid' } });
  });

  it('is refused when a byte of the payload or of the signature is changed', () => {
    const key = makeKey();
    const envelope = signStatement(statement, key);
    const trusted = [publicKeyOf(key)];
    const payload = Buffer.from(envelope.payload, 'base64')
      .toString()
      .replace('"version":"8"', '"version":"9"');
    const changed = { ...envelope, payload: Buffer.from(payload).toString('base64') };
    expect(verifyEnvelope(changed, trusted)).toMatchObject({ error: { code: 'signature-invalid' } });
    const flipped = envelope.signatures.map(({ keyid, sig }) => {
      const bytes = Buffer.from(sig, 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return { keyid, sig: bytes.toString('base64') };
    });
    expect(verifyEnvelope({ ...envelope, signatures: flipped }, trusted)).toMatchObject({
      error: { code: 'signature-invalid' },
    });
  });

  it('is refused when it is no envelope at all', () => {
    expect(verifyEnvelope({ payload: 'x' }, [])).toMatchObject({ error: { code: 'envelope-invalid' } });
  });

  it('wants an Ed25519 key and says how to make one', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const pem = rsa.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => signStatement(statement, pem)).toThrow(/rsa, not Ed25519.*openssl genpkey/s);
    expect(() => signStatement(statement, 'not a key')).toThrow(UserError);
  });
});

function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
