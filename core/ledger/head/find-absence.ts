import type { Problem } from '../../errors.ts';
import { LEDGER_BRANCH } from '../../names.ts';
import type { LedgerState } from '../state.ts';
import type { Remembered } from './ledger-head.ts';

/**
 * What to say, and to do, where no branch is there and a host that may remember one does not answer: one that has just come with an empty
 * disk remembers nothing either. Hosts that all answer and remember nothing, a branch that a person has begun, or no host at all say that
 * it is the first.
 */
export function findAbsence(state: LedgerState, { silent }: Remembered): Problem | undefined {
  const isKnown = state.origin !== undefined || state.events > 0;
  if (isKnown || silent.length === 0) return undefined;
  return {
    code: 'ledger-absent',
    message: `There is no branch ${LEDGER_BRANCH}, and not every host that may remember one answers: ${silent.join(', ')}.`,
    remedy: `Nothing is begun on an absent ledger. Bring these hosts up and say it again. If the branch was deleted, put it back; if this repository never had one, begin it: docs/operations.md, "There is no ledger yet".`,
  };
}
