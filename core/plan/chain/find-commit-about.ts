import { environmentOf, type LedgerState, lookUp } from '../../ledger/state.ts';
import type { PlannedOperation } from '../hand-over.ts';

/**
 * The commit that an operation is about: the one that is trained, or that made the version which gets or loses traffic. `undefined` where
 * the ledger does not know it.
 */
export function findCommitAbout(state: LedgerState, operation: PlannedOperation): string | undefined {
  const { sha, version, environment } = operation;
  switch (operation.operation) {
    case 'train':
    case 'tune':
      return sha;
    case 'rollback':
      // A version that is named is the one to return to.
      return commitOf(state, environment === undefined ? undefined : givingWay(state, environment));
    case 'deploy':
    case 'advance':
    case 'promote':
    case 'brake':
    case 'hold':
    case 'resume':
      return commitOf(
        state,
        version ?? (environment === undefined ? undefined : givingWay(state, environment)),
      );
    default:
      return undefined;
  }
}

/** The version that a rollback takes the traffic from. */
function givingWay(state: LedgerState, environment: string): string | undefined {
  const { rollout, champion } = environmentOf(state, environment);
  return rollout?.version ?? champion?.version;
}

function commitOf({ versions, trainings }: LedgerState, version: string | undefined): string | undefined {
  const runId = version === undefined ? undefined : lookUp(versions, version)?.runId;
  if (runId === undefined) return undefined;
  return Object.values(trainings).find((training) => training.runId === runId)?.sha;
}
