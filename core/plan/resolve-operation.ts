import { type Config, defaultEnvironment } from '../config/config.ts';
import { optional } from '../config/optional.ts';
import type { LedgerState } from '../ledger/state.ts';
import { ok, type Result } from '../result.ts';
import { checkAsked } from './check-head.ts';
import { checkTarget, type Target } from './check-target.ts';
import { chooseEnvironment, findEnvironment } from './choose-environment.ts';
import { checkMute } from './commands/check-mute.ts';
import { type Refused, refuse } from './decision.ts';
import type { PlannedOperation } from './hand-over.ts';
import { readParameters } from './read-parameters.ts';
import { listSearches } from './training/find-search.ts';

/** What someone entitled to it asks for, from whichever event it came. */
export type Request = Omit<PlannedOperation, 'kind' | 'correlationId'>;

/** Fills in what the request leaves open (environment, version) and checks it against configuration and ledger. */
export function resolveOperation(
  request: Request,
  config: Config,
  state: LedgerState,
): PlannedOperation | Refused {
  const trains = request.operation === 'train' || request.operation === 'tune';
  const other = trains && checkAsked({ state }, { sha: request.sha, correlationId: request.cause.id });
  if (other) return other;
  const unsearched = checkSearched(request, state);
  if (unsearched) return unsearched;
  const parameters = resolveParameters(request, config);
  if (!parameters.ok) return parameters.error;
  const target = resolveTarget(request, config, state);
  if (!target.ok) return target.error;
  const { environment: _environment, version: _version, parameters: _parameters, ...rest } = request;
  return {
    kind: 'operation',
    ...rest,
    parameters: parameters.value,
    ...target.value,
    correlationId: request.cause.id,
  };
}

/** The parameters of a production run are a search's: without any there are none. Whether they are, its job looks at. */
function checkSearched({ production }: Request, state: LedgerState): Refused | undefined {
  if (production === undefined || listSearches(state).length > 0) return undefined;
  const message = 'A production run has the best parameters of a search, and the ledger knows of none.';
  return refuse('not-searched', message, 'Search first (`/tune`), or `/train` without `--production`.');
}

function resolveParameters(request: Request, config: Config): Result<Request['parameters'], Refused> {
  const { operation, parameters } = request;
  if (operation !== 'train' && operation !== 'tune') return ok({});
  if (operation === 'tune' && config.search === undefined) {
    const message = 'The configuration has no search.';
    const remedy = 'Add `search: { metric: …, space: { … } }` to trainyard.yml.';
    return { ok: false, error: refuse('no-search', message, remedy) };
  }
  return readParameters(config, operation, parameters);
}

/** Settled now, once: no job after this one asks again where a training leads. Without hosts there is nowhere to roll out to. */
function chooseWhereItLeads(config: Config, named: string | undefined): Result<string | undefined, Refused> {
  return named === undefined ? ok(defaultEnvironment(config)) : findEnvironment(config, named);
}

function resolveTarget(request: Request, config: Config, state: LedgerState): Result<Target, Refused> {
  const { operation, environment } = request;
  switch (operation) {
    case 'help':
      return ok({});
    case 'train':
    case 'tune':
    case 'monitor': {
      const chosen = chooseWhereItLeads(config, environment);
      return chosen.ok ? ok(optional('environment', chosen.value)) : chosen;
    }
    case 'status':
    case 'freeze':
    case 'unfreeze': {
      if (environment === undefined) return checkTarget(request, state, undefined);
      const named = findEnvironment(config, environment);
      return named.ok ? checkTarget(request, state, named.value) : named;
    }
    case 'mute':
    case 'unmute':
      return checkMute(request, config, state);
    case 'deploy':
    case 'advance':
    case 'promote':
    case 'rollback':
    case 'brake':
    case 'hold':
    case 'resume': {
      const otherwise = operation === 'deploy' ? 'default' : 'open-rollout';
      const chosen = chooseEnvironment({ config, state, named: environment, otherwise });
      return chosen.ok ? checkTarget(request, state, chosen.value) : chosen;
    }
  }
}
