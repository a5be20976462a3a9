import { environmentOf, type LedgerState } from '../../../core/ledger/state.ts';
import type { JobEnd } from '../world.ts';
import { ENVIRONMENT } from '../world-config.ts';
import type { Invariant } from './invariant.ts';

/** A job that has ended, and the states of the ledger while it ran, the last one being present. */
type Ending = { readonly job: JobEnd; readonly states: readonly LedgerState[] };

/** What each job has to keep when it ends. */
export const JOB_INVARIANTS: readonly Invariant<Ending>[] = [
  {
    name: 'jobs-tell-the-truth',
    text: 'What a job reports (outcome, serving version) is what the ledger says.',
    breach: ({ job: { end, job }, states }) => {
      if (end.kind !== 'outcome') return undefined;
      const { outcome, 'serving-version': serving } = end.outputs;
      const { rollout } = end.result;
      const history = states.at(-1) === undefined ? [] : environmentOf(lastOf(states), ENVIRONMENT).history;
      const recorded = history.findLast((ended) => ended.rollout === rollout)?.outcome;
      if ((outcome === 'promoted' || outcome === 'rolled-back') && recorded !== outcome) {
        return `${job} said ${outcome} of ${String(rollout)}, the ledger ${recorded ?? 'nothing'}`;
      }
      const served = states.map((state) => environmentOf(state, ENVIRONMENT).champion?.version ?? '');
      return serving === undefined || served.includes(serving)
        ? undefined
        : `${job} said that ${serving} serves, the ledger ${served.join(', then ')}`;
    },
  },
];

function lastOf(states: readonly LedgerState[]): LedgerState {
  const last = states.at(-1);
  if (last === undefined) throw new Error('A job ended before the world began.');
  return last;
}
