import { LEDGER_UNREACHABLE } from '../../../core/errors.ts';
import { isAfter } from '../../../core/instant.ts';
import { environmentOf, type LedgerState } from '../../../core/ledger/state.ts';
import type { JobEnd } from '../world.ts';
import { ENVIRONMENT } from '../world-config.ts';
import type { Invariant } from './invariant.ts';

/** A job that has ended, and the states of the ledger while it ran, the last one being present. */
type Ending = {
  readonly job: JobEnd;
  readonly states: readonly LedgerState[];
  /** The rollout that the job itself has raised. */
  readonly raised: string | undefined;
};

/** What takes a version back. */
const TAKES_BACK: ReadonlySet<string> = new Set(['rollback', 'brake']);

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
  {
    name: 'rollbacks-take-back',
    text: 'A version that is promoted while a rollback of it is under way does not stay the champion, unless its rollout began after that was said.',
    breach: ({ job: { end, job, operation, saidAt }, states }) => {
      if (operation !== 'rollback' || end.kind !== 'outcome') return undefined;
      const [first] = states;
      const open = first && environmentOf(first, ENVIRONMENT).rollout;
      const { history, champion } = environmentOf(lastOf(states), ENVIRONMENT);
      const ended = history.findLast(({ rollout }) => rollout === open?.id);
      if (open === undefined || (saidAt !== undefined && isAfter(open.startedAt, saidAt))) return undefined;
      const isLost = end.result['rollout'] === open.id && ended?.outcome === 'promoted';
      return isLost && champion?.version === open.version
        ? `${job} left version ${champion?.version ?? ''} the champion that it was to take back`
        : undefined;
    },
  },
  {
    name: 'no-host-stops-a-rollback',
    text: 'What takes a version back does not fail for what one host says.',
    breach: ({ job: { end, job, operation }, states }) => {
      if (!TAKES_BACK.has(operation) || end.kind !== 'failed') return undefined;
      if (end.service === undefined || end.service === LEDGER_UNREACHABLE) return undefined;
      const { rollout } = environmentOf(lastOf(states), ENVIRONMENT);
      return rollout && `${job} left ${rollout.id} open: ${end.message}`;
    },
  },
  {
    name: 'jobs-outlast-git',
    text: 'A job that has raised a rollout does not leave it because git did not answer for a minute.',
    breach: ({ job: { end, job }, states, raised }) => {
      if (end.kind !== 'failed' || end.service !== LEDGER_UNREACHABLE) return undefined;
      const { rollout } = environmentOf(lastOf(states), ENVIRONMENT);
      return rollout !== undefined && rollout.id === raised
        ? `${job} left ${rollout.id} open: ${end.message}`
        : undefined;
    },
  },
];

function lastOf(states: readonly LedgerState[]): LedgerState {
  const last = states.at(-1);
  if (last === undefined) throw new Error('A job ended before the world began.');
  return last;
}
