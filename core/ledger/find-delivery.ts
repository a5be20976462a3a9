import { type Instant, secondsBetween } from '../instant.ts';
import { type LedgerState, lookUp, type Training } from './state.ts';

/**
 * The training whose model is on its way to its first rollout: it has ended within the last `withinSeconds` of `now`, its gate has
 * not said no, and no environment has seen its version yet. Gate, register, build and deploy are under way, or their jobs were lost:
 * after that time the latter is taken for granted.
 */
export function findDelivery(state: LedgerState, now: Instant, withinSeconds: number): Training | undefined {
  return Object.values(state.trainings).findLast(
    (training) =>
      training.status === 'finished' &&
      training.finishedAt !== undefined &&
      secondsBetween(training.finishedAt, now) < withinSeconds &&
      isOnItsWay(state, training.runId ?? ''),
  );
}

function isOnItsWay(state: LedgerState, runId: string): boolean {
  const verdict = lookUp(state.gates, runId)?.verdict;
  if (verdict !== undefined && verdict !== 'pass') return false;
  const made = Object.values(state.versions).filter((version) => version.runId === runId);
  return !made.some(({ version }) => wasRolledOut(state, version));
}

function wasRolledOut({ environments }: LedgerState, wanted: string): boolean {
  return Object.values(environments).some(
    ({ rollout, history }) =>
      rollout?.version === wanted || history.some(({ version }) => version === wanted),
  );
}
