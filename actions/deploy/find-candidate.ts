import { UserError } from '../../core/errors.ts';
import type { LedgerEventData } from '../../core/ledger/event.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import type { PackagePlace } from '../serving/package-source.ts';
import { requirePackageOf } from '../serving/require-package-of.ts';
import { requireVersion } from '../serving/require-version.ts';
import type { Starter } from './hosts/starter.ts';

/** What is to be rolled out, as far as the ledger and the earlier jobs know it. */
export type Candidate = {
  readonly version: VersionState;
  readonly place: PackagePlace;
  /** What is to be recorded of the package, when the ledger does not have it yet: the build job may not write there. */
  readonly built: LedgerEventData<'package.built'> | undefined;
};

/** A version, and its package where the chain made it; the ledger knows the rest. */
type Wanted = { readonly version: string; readonly package: string | undefined };

/**
 * The version to roll out and its package. Rejects with a UserError when they may not be, or the package says that it is of anything but
 * what the ledger knows of the version.
 */
export async function findCandidate(
  { describe }: Pick<Starter, 'describe'>,
  state: LedgerState,
  { version: wanted, package: given }: Wanted,
): Promise<Candidate> {
  const version = requireVersion(state, wanted);
  requireGate(version);
  const known = version.package;
  const name = given ?? known?.package;
  if (name === undefined) throw notBuilt(wanted);
  if (known?.package === name) return { version, place: known, built: undefined };
  const { manifest, built } = await describe(name, version.runId);
  requirePackageOf({ model: state.model, ...version }, name, manifest);
  return { version, place: built, built: { version: wanted, ...built, image: undefined } };
}

function requireGate({ version, gate }: VersionState): void {
  if (gate?.verdict === 'pass') return;
  throw new UserError([
    {
      code: 'gate-not-passed',
      message: `Version ${version} did not pass its gate (${gate?.headline ?? 'it was never judged'}).`,
      remedy: 'Train a version that passes; a rollout has no way around the gate.',
    },
  ]);
}

function notBuilt(version: string): UserError {
  return new UserError([
    {
      code: 'package-missing',
      message: `Version ${version} has not been packed.`,
      remedy:
        'Its build failed, or its package was refused by a rule: re-run the failed jobs of the run that registered it, or train again.',
    },
  ]);
}
