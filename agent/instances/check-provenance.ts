import { verifyEnvelope } from '../../adapters/signing/attestation.ts';
import { digestOf } from '../../core/identity/digest.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import { isOrder, type OrderStatement } from '../../core/ledger/statement.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { PackageManifest } from '../../core/serving/package-manifest.ts';
import { Refusal } from '../api/refusal.ts';
import type { AgentOptions } from '../options/options.ts';

const REMEDY =
  'Deploy a version that the repository promoted, signed with a key this host trusts: jobs sign with the secret TRAINYARD_SIGNING_KEY, and --trusted-keys names its public half.';

type Provenance = {
  readonly envelope: Envelope | undefined;
  readonly manifest: PackageManifest;
  readonly manifestDigest: string;
};

/**
 * What was signed of a package that may be served: a trusted key made a statement about exactly this manifest, model and version, for
 * this host's environment, and it says that the gate was passed. With no trusted keys anything may be served, and nothing was signed.
 */
export function checkProvenance(
  { trustedKeys, environment }: Pick<AgentOptions, 'trustedKeys' | 'environment'>,
  { envelope, manifest, manifestDigest }: Provenance,
): Result<OrderStatement | undefined, Refusal> {
  if (trustedKeys.length === 0) return ok(undefined);
  if (envelope === undefined)
    return err(refuse('signature-missing', 'This host serves signed packages only.'));
  const verified = verifyEnvelope(envelope, trustedKeys);
  if (!verified.ok) return err(refuse(verified.error.code, verified.error.message));
  const { subject, predicate } = verified.value;
  const isSubject =
    subject.some(({ digest }) => digestOf(digest.sha256) === manifestDigest) &&
    predicate.model === manifest.model &&
    predicate.version === manifest.version &&
    predicate.modelDigest === manifest.modelDigest;
  if (!isSubject) return err(refuse('subject-mismatch', 'The statement is about another package.'));
  if (predicate.verdict !== 'pass')
    return err(refuse('gate-not-passed', `The gate's verdict on this version is ${predicate.verdict}.`));
  if (!isOrder(verified.value)) return err(refuseEarlier(predicate.version));
  if (predicate.environment === environment) return ok(verified.value);
  const message = `It was signed for ${predicate.environment}, and this host belongs to ${environment}.`;
  const remedy = `Roll it out to ${environment}; or, if the host is of ${predicate.environment}, start its agent with --environment ${predicate.environment}.`;
  return err(new Refusal({ status: 422, code: 'signed-for-other', message, remedy }));
}

function refuseEarlier(version: string): Refusal {
  return new Refusal({
    status: 422,
    code: 'signed-for-none',
    message: `The statement on version ${version} does not say for which environment and ledger it counts: jobs of an earlier version signed it.`,
    remedy:
      'Say /deploy or /rollback again, so that it is signed anew; if that statement says neither, the jobs are still of that version: update the ref of the actions.',
  });
}

function refuse(code: string, message: string): Refusal {
  return new Refusal({ status: 422, code, message, remedy: REMEDY });
}
