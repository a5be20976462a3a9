import { UserError } from '../../core/errors.ts';
import type { VersionState } from '../../core/ledger/state.ts';
import type { PackageManifest } from '../../core/serving/package-manifest.ts';

/** A version as the ledger has it, and whose. */
export type LedgerSubject = { readonly model: string } & Pick<
  VersionState,
  'version' | 'runId' | 'modelDigest'
>;

/** What a manifest says it is the package of. */
type ManifestSubject = Pick<PackageManifest, 'model' | 'version' | 'runId' | 'modelDigest'>;

/**
 * Throws a UserError when a package is not of this version by the ledger: of another model, version or run, or made from other bytes than
 * were judged. A package's name proves what its manifest says, not that it is true of this version.
 */
export function requirePackageOf(subject: LedgerSubject, packageName: string, inside: ManifestSubject): void {
  const facts = [
    ['model', inside.model, subject.model],
    ['version', inside.version, subject.version],
    ['run', inside.runId, subject.runId],
    ['model digest', inside.modelDigest, subject.modelDigest],
  ] as const;
  const wrong = facts.filter(([, said, recorded]) => said !== recorded);
  if (wrong.length === 0) return;
  const differences = wrong.map(([name, said, recorded]) => `the ${name} ${said} and not ${recorded}`);
  throw new UserError([
    {
      code: 'package-of-other-version',
      message: `${packageName} is not the package of version ${subject.version} that the ledger knows: it has ${differences.join(', ')}.`,
      remedy:
        'Pass the package that build-torchserve made of this version. If nobody mixed them up, someone with write access to MLflow put it there: find out who.',
    },
  ]);
}
