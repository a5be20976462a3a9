import type { LockType } from './state.ts';

/** The name under which the state keeps a lock. */
export function lockKey(lock: {
  readonly lock: LockType;
  readonly environment?: string | undefined;
}): string {
  return lock.environment === undefined ? lock.lock : `${lock.lock}/${lock.environment}`;
}
