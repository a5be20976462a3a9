import { verifyEnvelope } from '../../adapters/signing/attestation.ts';
import { digestOf } from '../../core/identity/digest.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { PackageManifest } from '../../core/serving/package-manifest.ts';
import { Refusal } from '../api/refusal.ts';

const REMEDY =
  'Deploy a version that the repository promoted, signed with a key this host trusts: jobs sign with the secret TRAINYARD_SIGNING_KEY, and --trusted-keys names its public half.';

type Provenance = {
  readonly envelope: Envelope | undefined;
  readonly manifest: PackageManifest;
  readonly manifestDigest: string;
};

/**
 * Why a package may not be served, or `undefined` when it may: a trusted key signed a statement about exactly this manifest,
 * model and version, and it says that the gate was passed. With no trusted keys anything may be served.
 */
export function checkProvenance(
  trustedKeys: readonly string[],
  { envelope, manifest, manifestDigest }: Provenance,
): Refusal | undefined {
  if (trustedKeys.length === 0) return undefined;
  if (envelope === undefined) {
    return new Refusal({
      status: 422,
      code: 'signature-missing',
      message: 'This host serves signed packages only.',
      remedy: REMEDY,
    });
  }
  const verified = verifyEnvelope(envelope, trustedKeys);
  if (!verified.ok)
    return new Refusal({
      status: 422,
      code: verified.error.code,
      message: verified.error.message,
      remedy: REMEDY,
    });
  const { subject, predicate } = verified.value;
  const isSubject =
    subject.some(({ digest }) => digestOf(digest.sha256) === manifestDigest) &&
    predicate.model === manifest.model &&
    predicate.version === manifest.version &&
    predicate.modelDigest === manifest.modelDigest;
  if (!isSubject)
    return new Refusal({
      status: 422,
      code: 'subject-mismatch',
      message: 'The statement is about another package.',
      remedy: REMEDY,
    });
  if (predicate.verdict === 'pass') return undefined;
  return new Refusal({
    status: 422,
    code: 'gate-not-passed',
    message: `The gate's verdict on this version is ${predicate.verdict}.`,
    remedy: REMEDY,
  });
}
