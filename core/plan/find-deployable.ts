import { type LedgerState, lookUp } from '../ledger/state.ts';
import { err, ok, type Result } from '../result.ts';
import { nameVersions } from './answers/name-versions.ts';
import { type Refused, refuse } from './decision.ts';

/**
 * The version a deploy means: the named one, else the newest that this pull request's trainings led to, else the newest of all. Only
 * versions whose gate passed count, and of those not named one that is packed comes before one whose package was refused, or is not made yet.
 */
export function findDeployable(
  state: LedgerState,
  wanted: { readonly version?: string; readonly pullRequest?: number },
): Result<string, Refused> {
  if (wanted.version !== undefined) return checkNamed(state, wanted.version);
  const { pullRequest } = wanted;
  const ours = pullRequest === undefined ? undefined : runsOf(state, pullRequest);
  const newest = Object.values(state.versions)
    .filter((version) => version.gate?.verdict === 'pass' && (ours === undefined || ours.has(version.runId)))
    .toSorted(
      (left, right) =>
        Number(right.package !== undefined) - Number(left.package !== undefined) ||
        Number(right.version) - Number(left.version),
    )[0];
  if (newest !== undefined) return ok(newest.version);
  return err(
    pullRequest === undefined
      ? refuse('nothing-to-deploy', 'No version has passed the gate yet.', 'Train one first: `/train`.')
      : refuse(
          'nothing-to-deploy',
          'No training of this pull request has led to a version that passed the gate.',
          `Train it with \`/train\`, or name a version that passed: ${nameVersions(state, ({ gate }) => gate?.verdict === 'pass')}`,
        ),
  );
}

function checkNamed(state: LedgerState, version: string): Result<string, Refused> {
  const known = lookUp(state.versions, version);
  if (known === undefined) {
    return err(
      refuse(
        'unknown-version',
        `There is no version ${version} of ${state.model}.`,
        `Its versions: ${nameVersions(state)}`,
      ),
    );
  }
  if (known.gate?.verdict === 'pass') return ok(version);
  const verdict = known.gate === undefined ? 'has not been judged' : `is judged ${known.gate.verdict}`;
  const remedy = 'Only versions that passed the gate are deployed; train again with `/train`.';
  return err(refuse('gate-not-passed', `Version ${version} ${verdict}.`, remedy));
}

function runsOf(state: LedgerState, pullRequest: number): ReadonlySet<string> {
  const own = Object.values(state.trainings).filter((training) => training.pullRequest === pullRequest);
  return new Set(own.flatMap(({ runId }) => (runId === undefined ? [] : [runId])));
}
