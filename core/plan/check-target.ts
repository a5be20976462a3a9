import { findStartBar } from '../ledger/find-start-bar.ts';
import { readRollback } from '../ledger/read-rollback.ts';
import { environmentOf, freezeOf, type LedgerState, lookUp, type VersionState } from '../ledger/state.ts';
import { err, ok, type Result } from '../result.ts';
import { findReturnBar } from '../rollout/find-return-bar.ts';
import { nameVersions } from './answers/name-versions.ts';
import { type Refused, refuse } from './decision.ts';
import { findDeployable } from './find-deployable.ts';
import { type PlannedOperation, TAKE_BACK } from './hand-over.ts';

/** Where an operation acts, and on which version. */
export type Target = { readonly environment?: string; readonly version?: string };

type Wanted = Pick<PlannedOperation, 'operation' | 'version' | 'pullRequest' | 'word'>;

/** Whether the ledger allows the operation there now; a deploy without a version is given one. */
export function checkTarget(
  wanted: Wanted,
  state: LedgerState,
  environment: string | undefined,
): Result<Target, Refused> {
  if (environment === undefined) return checkEverywhere(wanted, state);
  switch (wanted.operation) {
    case 'deploy':
      return checkDeploy(wanted, state, environment);
    case 'rollback':
      return checkRollback(wanted, state, environment);
    case 'advance':
    case 'promote':
    case 'brake':
    case 'hold':
    case 'resume':
      return checkOpenRollout(wanted.operation, state, environment);
    case 'unfreeze':
      if (freezeOf(state, environment) === undefined) return notFrozen(environment);
      return ok({ environment });
    default:
      return ok({ environment });
  }
}

function checkEverywhere({ operation }: Wanted, state: LedgerState): Result<Target, Refused> {
  const frozen =
    state.frozen !== undefined || Object.values(state.environments).some((one) => one.frozen !== undefined);
  return operation === 'unfreeze' && !frozen ? notFrozen('Nothing') : ok({});
}

function checkDeploy(wanted: Wanted, state: LedgerState, environment: string): Result<Target, Refused> {
  const frozen = checkFrozen(state, environment);
  if (!frozen.ok) return frozen;
  const found = findDeployable(state, wanted);
  if (!found.ok) return found;
  const version = found.value;
  const { champion, rollout } = environmentOf(state, environment);
  if (rollout !== undefined && rollout.version !== version) {
    return err(
      refuse(
        'rollout-in-progress',
        `Version ${rollout.version} is being rolled out to ${environment} (${rollout.percent} %).`,
        `Wait for its end, or \`/rollback ${environment}\` it first.`,
      ),
    );
  }
  // To deploy what serves is to bring every host to it, in the package that the ledger has.
  if (rollout !== undefined || champion?.version === version) return ok({ environment, version });
  const namedAt = wanted.word?.namesVersion === true ? wanted.word.at : undefined;
  const bar = findStartBar(state, { environment, version, namedAt });
  return bar === undefined ? ok({ environment, version }) : err(refuse(bar.code, bar.message, bar.remedy));
}

function checkOpenRollout(
  operation: 'advance' | 'promote' | 'brake' | 'hold' | 'resume',
  state: LedgerState,
  environment: string,
): Result<Target, Refused> {
  const { rollout } = environmentOf(state, environment);
  if (rollout === undefined) {
    const message = `No rollout is in progress in ${environment}.`;
    return err(refuse('no-rollout', message, `Start one with \`/deploy ${environment}\`.`));
  }
  if (operation === 'resume' && rollout.held === undefined) {
    return err(
      refuse('not-held', `The rollout in ${environment} is not held.`, 'There is nothing to resume.'),
    );
  }
  const frozen = TAKE_BACK.has(operation) ? ok(undefined) : checkFrozen(state, environment);
  return frozen.ok ? ok({ environment, version: rollout.version }) : frozen;
}

/** A rollback is never stopped by a freeze or a lock, only by there being nothing to return to. */
function checkRollback(
  { version, word }: Wanted,
  state: LedgerState,
  environment: string,
): Result<Target, Refused> {
  const here = environmentOf(state, environment);
  const { champion, rollout } = here;
  if (version !== undefined) return checkReturn(state, environment, version);
  // What it means is read again when it is done: the job may have waited, and what was asked for stays what it was.
  if (rollout !== undefined || readRollback(here, word?.at).kind !== 'nothing-before')
    return ok({ environment });
  const canReturn = (one: VersionState) =>
    one.package !== undefined &&
    one.version !== champion?.version &&
    findReturnBar(state, { environment, version: one.version }) === undefined;
  return err(
    refuse(
      'nothing-to-roll-back',
      champion === undefined
        ? `Nothing serves in ${environment}.`
        : `${environment} has no earlier version to return to.`,
      Object.values(state.versions).some(canReturn)
        ? `One that served there can be named: ${nameVersions(state, canReturn)}`
        : 'No other version that served there is left: `/deploy` rolls another one out, and `/train` makes one.',
    ),
  );
}

function checkReturn(state: LedgerState, environment: string, version: string): Result<Target, Refused> {
  const known = lookUp(state.versions, version);
  const { champion, rollout } = environmentOf(state, environment);
  if (known?.package === undefined) {
    const message = `Version ${version} has never been packaged for serving.`;
    return err(refuse('unknown-version', message, '`/status` lists the versions.'));
  }
  if (champion?.version === version && rollout === undefined) {
    const message = `Version ${version} already serves all of ${environment}.`;
    return err(refuse('already-serving', message, 'Name another version.'));
  }
  const bar = findReturnBar(state, { environment, version });
  return bar === undefined ? ok({ environment, version }) : err(refuse(bar.code, bar.message, bar.remedy));
}

function checkFrozen(state: LedgerState, environment: string): Result<undefined, Refused> {
  const freeze = freezeOf(state, environment);
  if (freeze === undefined) return ok(undefined);
  const everywhere = environmentOf(state, environment).frozen === undefined;
  const why = freeze.reason === '' ? '' : `: ${freeze.reason}`;
  return err(
    refuse(
      'frozen',
      `${everywhere ? 'Everything' : environment} is frozen since ${freeze.at} by ${freeze.actor}${why}.`,
      `Thaw it with \`/unfreeze${everywhere ? '' : ` ${environment}`}\` first.`,
    ),
  );
}

function notFrozen(what: string): Result<Target, Refused> {
  return err(
    refuse(
      'not-frozen',
      `${what} is not frozen.`.replace('Nothing is not', 'Nothing is'),
      'There is nothing to thaw.',
    ),
  );
}
