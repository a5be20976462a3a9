import type { Instant } from '../instant.ts';
import { findConflictingLock, lockedProblem } from '../ledger/locks.ts';
import { environmentOf, freezeOf, type LedgerState, type Rollout } from '../ledger/state.ts';

export const OBSTACLES = ['frozen', 'locked', 'other-champion'] as const;

/** What the ledger says against raising or promoting a candidate, whatever its evidence allows. */
export type Obstacle = { readonly code: (typeof OBSTACLES)[number]; readonly explanation: string };

type Prospect = {
  readonly state: LedgerState;
  readonly environment: string;
  readonly rollout: Pick<Rollout, 'id' | 'stable'>;
  readonly now: Instant;
};

/** The obstacle to a rollout at this state of the ledger: a freeze, the lock of somebody else, or another champion than it is compared with. */
export function findObstacle({ state, environment, rollout, now }: Prospect): Obstacle | undefined {
  const serving = environmentOf(state, environment).champion?.version;
  if (serving !== rollout.stable) {
    const explanation = `Version ${serving ?? 'none'} serves ${environment}, and it was compared with ${rollout.stable ?? 'nothing'}.`;
    return { code: 'other-champion', explanation };
  }
  const frozen = freezeOf(state, environment);
  if (frozen !== undefined) {
    const why = frozen.reason === '' ? '' : `: ${frozen.reason}`;
    return { code: 'frozen', explanation: `Frozen by ${frozen.actor} since ${frozen.at}${why}.` };
  }
  const lock = findConflictingLock(state, { lock: 'deploy', environment, holder: rollout.id }, now);
  return lock && { code: 'locked', explanation: lockedProblem(lock).message };
}
