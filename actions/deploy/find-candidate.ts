import { UserError } from '../../core/errors.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { LedgerState, VersionState } from '../../core/ledger/state.ts';
import type { PackagePlace } from '../serving/package-source.ts';
import { type Deployment, entry, requireVersion } from './deploy-context.ts';

/** What is to be rolled out, as far as the ledger and the earlier jobs know it. */
export type Candidate = {
  readonly version: VersionState;
  readonly package: PackagePlace;
  /** The event that records the package, when the ledger has none yet: the build job may not write there. */
  readonly built: LedgerEvent | undefined;
};

/** The version to roll out and its package, from this job's inputs and the ledger. */
export async function findCandidate(deployment: Deployment, state: LedgerState): Promise<Candidate> {
  const { request, ports } = deployment;
  const wanted = request.version ?? request.plan.version;
  if (wanted === undefined) throw nothingToDeploy(state.model);
  const version = requireVersion(state, wanted);
  requireGate(version);
  const known = version.package;
  const name = request.package ?? known?.package;
  if (name === undefined) throw notBuilt(wanted);
  if (known?.package === name) return { version, package: known, built: undefined };
  const { version: inside, ...described } = await ports.packages.describe(name, version.runId);
  if (inside !== wanted) throw otherPackage(name, inside, wanted);
  const built = entry(
    deployment,
    'package.built',
    { version: wanted, ...described, image: undefined },
    wanted,
    name,
  );
  return { version, package: described, built };
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

function nothingToDeploy(model: string): UserError {
  return new UserError([
    {
      code: 'nothing-to-deploy',
      message: `Nobody said which version of ${model} to deploy.`,
      remedy: 'Pass the inputs version and plan from the earlier jobs, or name one: /deploy v8.',
    },
  ]);
}

function notBuilt(version: string): UserError {
  return new UserError([
    {
      code: 'package-missing',
      message: `Version ${version} has not been packed.`,
      remedy: 'Run build-torchserve for it, and pass its output package to this action.',
    },
  ]);
}

function otherPackage(name: string, inside: string, wanted: string): UserError {
  return new UserError([
    {
      code: 'package-of-other-version',
      message: `${name} is the package of version ${inside}, not of ${wanted}.`,
      remedy: 'Pass the package and the version of the same chain.',
    },
  ]);
}
