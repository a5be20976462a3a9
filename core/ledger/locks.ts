import type { Problem } from '../errors.ts';
import { type Instant, isAfter } from '../instant.ts';
import { err, ok, type Result } from '../result.ts';
import { createEvent, type EventContext } from './create-event.ts';
import type { LedgerEvent } from './event.ts';
import { type LedgerState, type Lock, type LockType, lookUp } from './state.ts';

type LockRequest = {
  readonly lock: LockType;
  readonly environment?: string | undefined;
  /** Whoever may renew and release it: a rollout, or a run. */
  readonly holder: string;
  readonly expiresAt: Instant;
};

/**
 * The lock that keeps `holder` from taking this one at `now`: of the same type, held by someone else, not expired, and for the same
 * environment or for all. Types never block each other, so a long search stops no deploy; only `freeze` stops `deploy` too.
 */
export function findConflictingLock(
  state: LedgerState,
  { lock, environment, holder }: Omit<LockRequest, 'expiresAt'>,
  now: Instant,
): Lock | undefined {
  return Object.values(state.locks).find(
    (held) =>
      (held.lock === lock || (held.lock === 'freeze' && lock === 'deploy')) &&
      held.holder !== holder &&
      isAfter(held.expiresAt, now) &&
      (held.environment === undefined || environment === undefined || held.environment === environment),
  );
}

/** The event that takes a lock, or makes one's own last longer; a problem that names who holds it. */
export function acquireLock(
  state: LedgerState,
  context: EventContext,
  request: LockRequest,
): Result<readonly LedgerEvent[], Problem> {
  const conflict = findConflictingLock(state, request, context.at);
  if (conflict !== undefined) return err(lockedProblem(conflict));
  const own = lookUp(state.locks, lockKey(request));
  if (own?.holder === request.holder && own.expiresAt >= request.expiresAt) return ok([]);
  const { lock, environment, holder, expiresAt } = request;
  const data = { lock, holder, expiresAt, ...(environment === undefined ? {} : { environment }) };
  return ok([createEvent(context, 'lock.acquired', data, lockKey(request), holder, expiresAt)]);
}

/** The event that gives a lock back; none when this holder does not have it (any more). */
export function releaseLock(
  state: LedgerState,
  context: EventContext,
  request: Omit<LockRequest, 'expiresAt'>,
): readonly LedgerEvent[] {
  const held = lookUp(state.locks, lockKey(request));
  if (held?.holder !== request.holder) return [];
  const { lock, environment, holder } = request;
  const data = { lock, holder, ...(environment === undefined ? {} : { environment }) };
  return [createEvent(context, 'lock.released', data, lockKey(request), holder, held.expiresAt)];
}

/** The state once that lock is free. */
export function withoutLock(state: LedgerState, lock: Pick<Lock, 'lock' | 'environment'>): LedgerState {
  const { [lockKey(lock)]: _freed, ...locks } = state.locks;
  return { ...state, locks };
}

/** Says who holds the lock and until when. */
export function lockedProblem({ lock, environment, holder, expiresAt }: Lock): Problem {
  const where = environment === undefined ? '' : ` of ${environment}`;
  return {
    code: 'locked',
    message: `The ${lock} lock${where} is held by ${holder} until ${expiresAt}.`,
    remedy: 'Wait until then, or until its holder has finished.',
  };
}

/** The name under which the state keeps a lock. */
export function lockKey(lock: {
  readonly lock: LockType;
  readonly environment?: string | undefined;
}): string {
  return lock.environment === undefined ? lock.lock : `${lock.lock}/${lock.environment}`;
}
