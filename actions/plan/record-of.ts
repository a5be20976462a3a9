import type { Config } from '../../core/config/config.ts';
import { addSeconds } from '../../core/instant.ts';
import { createEvent, type EventContext } from '../../core/ledger/create-event.ts';
import type { LedgerEvent, Workflow } from '../../core/ledger/event.ts';
import { acquireLock, findConflictingLock } from '../../core/ledger/locks.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { type Refused, refuse } from '../../core/plan/decision.ts';
import type { Operation, PlannedOperation } from '../../core/plan/hand-over.ts';

/** What is on record from the moment it is asked for, or needs the ledger alone. */
const RECORDED: ReadonlySet<Operation> = new Set(['train', 'tune', 'freeze', 'unfreeze', 'mute', 'unmute']);

const NO_REASON = 'no reason given';

/** As long as a job may run: a search whose jobs are gone keeps the next one waiting no longer. */
const SEARCH_LOCK_SECONDS = 4320 * 60;

/** When and by what the events are written, and on which state. */
type Stamp = { readonly at: string; readonly nonce: string; readonly state: LedgerState };

/** Whether plan writes the operation to the ledger. */
export function isRecorded({ operation }: PlannedOperation): boolean {
  return RECORDED.has(operation);
}

/** The events that plan writes of an operation; why there are none, when another search of the model is under way. */
export function recordOf(
  { config, workflow }: { readonly config: Config; readonly workflow: Workflow },
  planned: PlannedOperation,
  stamp: Stamp,
): readonly LedgerEvent[] | Refused {
  const { actor, cause, environment, reason, operation } = planned;
  const { round } = planned;
  const context = { model: config.model, at: stamp.at, actor, cause, workflow };
  const where = environment === undefined ? {} : { environment };
  if (round !== undefined) return [createEvent(context, 'training.resumed', { round }, round)];
  switch (operation) {
    case 'train':
      return [requestTraining(context, planned, stamp)];
    case 'tune': {
      const locked = lockSearch(context, planned, stamp);
      return 'kind' in locked ? locked : [requestTraining(context, planned, stamp), ...locked];
    }
    case 'freeze': {
      const data = { ...where, reason: reason ?? NO_REASON };
      return [createEvent(context, 'frozen', data, environment ?? 'all')];
    }
    case 'unfreeze':
      return [createEvent(context, 'unfrozen', where, environment ?? 'all')];
    case 'mute':
    case 'unmute':
      return recordMute(context, planned);
    default:
      return [];
  }
}

function recordMute(
  context: EventContext,
  { environment, finding, until, reason = NO_REASON }: PlannedOperation,
): readonly LedgerEvent[] {
  if (environment === undefined || finding === undefined) return [];
  const data = { environment, code: finding };
  return [
    until === undefined
      ? createEvent(context, 'monitor.unmuted', data, environment)
      : createEvent(context, 'monitor.muted', { ...data, until, reason }, environment),
  ];
}

function requestTraining(
  context: EventContext,
  { operation, sha, parameters, pullRequest, reason, environment, next, production }: PlannedOperation,
  { nonce }: Stamp,
): LedgerEvent {
  return createEvent(context, 'training.requested', {
    operation: operation === 'tune' ? 'tune' : 'train',
    sha,
    parameters: { ...parameters },
    ...(pullRequest !== undefined && { pullRequest }),
    ...(reason !== undefined && { reason }),
    ...(environment !== undefined && { environment }),
    ...(next !== undefined && { next }),
    ...(production !== undefined && { production }),
    nonce,
  });
}

/** One search of a model at a time. Run again it has its lock already. */
function lockSearch(
  context: EventContext,
  { correlationId: holder }: PlannedOperation,
  { at, state }: Stamp,
): readonly LedgerEvent[] | Refused {
  const { search: held } = state.locks;
  if (held?.holder === holder && findConflictingLock(state, { lock: 'search', holder: '' }, at) === held)
    return [];
  const expiresAt = addSeconds(at, SEARCH_LOCK_SECONDS);
  const acquired = acquireLock(state, context, { lock: 'search', holder, expiresAt });
  if (acquired.ok) return acquired.value;
  return refuse(
    'search-running',
    `A search of this model is under way: ${acquired.error.message}`,
    acquired.error.remedy,
  );
}
