import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signStatement } from '../../adapters/signing/attestation.ts';
import { checkProvenance } from '../../agent/instances/check-provenance.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { Statement } from '../../core/ledger/statement.ts';
import type { PackageManifest } from '../../core/serving/package-manifest.ts';

const ZEROS = `sha256:${'0'.repeat(64)}`;
const DIGEST = `sha256:${'a'.repeat(64)}`;

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const trusted = keyPair();
const stranger = keyPair();

const manifest: PackageManifest = {
  schema: 'trainyard.package/1',
  model: 'mnist',
  version: '8',
  runId: 'run',
  modelDigest: ZEROS,
  createdAt: '2026-01-01T00:00:00Z',
  format: 'pyfunc',
  payload: { kind: 'mar', file: 'model.mar', digest: ZEROS, size: 1 },
  serving: { workers: 1, batchSize: 1, maxBatchDelayMs: 0, gpu: 'none', responseTimeoutSeconds: 10 },
};

function compose(predicate: Partial<Statement['predicate']>, sha256 = 'a'.repeat(64)): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'mnist', digest: { sha256 } }],
    predicateType: 'urn:trainyard:promotion:v1',
    predicate: {
      verdict: 'pass',
      model: 'mnist',
      version: '8',
      runId: 'run',
      modelDigest: ZEROS,
      gate: { headline: 'ok', holdoutDigest: ZEROS, evidenceDigest: ZEROS, judgedAt: '2026-01-01T00:00:00Z' },
      code: { repository: 'acme/models', sha: 'abc' },
      ...{ environment: 'production', replaces: [] },
      signedAt: '2026-01-01T00:00:00Z',
      ...predicate,
    },
  };
}

function seal(
  predicate: Partial<Statement['predicate']> = {},
  sha256?: string,
  { privateKey } = trusted,
): Envelope {
  return signStatement(compose(predicate, sha256), privateKey);
}

/** As jobs signed before statements named where they count. */
function sealEarlier(without: 'environment' | 'replaces'): Envelope {
  const { [without]: _, ...predicate } = compose({}).predicate;
  return signStatement({ ...compose({}), predicate }, trusted.privateKey);
}

const check = (envelope: Envelope | undefined, trustedKeys = [trusted.publicKey]) => {
  const checked = checkProvenance(
    { trustedKeys, environment: 'production' },
    { envelope, manifest, manifestDigest: DIGEST },
  );
  return checked.ok ? undefined : checked.error.code;
};

describe('a host with a trusted key', () => {
  test('serves what that key says passed the gate', () => {
    expect(check(seal())).toBeUndefined();
    expect(check(seal(), [stranger.publicKey, trusted.publicKey])).toBeUndefined();
  });

  test.each<[string, Envelope | undefined, string]>([
    ['without a statement', undefined, 'signature-missing'],
    ['signed by a stranger', seal({}, 'a'.repeat(64), stranger), 'signature-invalid'],
    ['whose statement is about another manifest', seal({}, 'b'.repeat(64)), 'subject-mismatch'],
    ['whose statement is about another version', seal({ version: '9' }), 'subject-mismatch'],
    ['whose statement is about another model', seal({ model: 'other' }), 'subject-mismatch'],
    ['made from another model file', seal({ modelDigest: DIGEST }), 'subject-mismatch'],
    ['that failed the gate', seal({ verdict: 'fail' }), 'gate-not-passed'],
    ['that was signed for another environment', seal({ environment: 'staging' }), 'signed-for-other'],
    ['that an earlier version signed for no environment', sealEarlier('environment'), 'signed-for-none'],
    ['that an earlier version signed on no ledger it names', sealEarlier('replaces'), 'signed-for-none'],
    ['whose gate was undecided', seal({ verdict: 'inconclusive' }), 'gate-not-passed'],
    [
      'whose statement was changed after signing',
      { ...seal(), payload: seal({ version: '9' }).payload },
      'signature-invalid',
    ],
  ])('refuses a package %s', (_what, envelope, code) => {
    expect(check(envelope)).toBe(code);
  });
});

test('a host without trusted keys serves what it is given', () => {
  expect(check(undefined, [])).toBeUndefined();
});
