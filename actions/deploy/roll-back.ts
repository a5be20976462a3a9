import type { EnvironmentState } from '../../core/ledger/state.ts';
import type { Journal } from './journal.ts';
import { type DeployOutcome, withReport } from './outcomes.ts';
import type { ReturnTo } from './return-to.ts';
import type { Conclude } from './rollout/conclude.ts';
import type { Endings } from './rollout/end.ts';
import type { Memory } from './rollout/memory.ts';

/** What a rollback on the word of a person needs. */
export type RollBackPorts = {
  readonly journal: Pick<Journal, 'read'>;
  readonly endings: Pick<Endings, 'rollBack'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly conclude: Conclude;
  readonly returnTo: ReturnTo;
};

/**
 * Returns to an earlier version at once. An open rollout is ended; without one, or when another version is named, the champion
 * gives way to that version or to the one before it.
 */
export async function rollBackNow(
  { journal, endings, memory, conclude, returnTo }: RollBackPorts,
  actor: string,
  wanted: string | undefined,
): Promise<DeployOutcome> {
  const reading = await journal.read();
  const { rollout, history } = reading.here;
  if (reading.hasWritten('rollout.rolled-back') && isAnswered(reading.here, wanted)) {
    return conclude(history.at(-1)?.rollout);
  }
  if (rollout === undefined) return returnTo(reading, wanted);
  const ended = await endings.rollBack(rollout, withReport('requested', `${actor} asked for it.`));
  if (ended.kind === 'overtaken') {
    const { now } = ended;
    const isDone = wasTakenBack(now.here, rollout.id) && isAnswered(now.here, wanted);
    return isDone ? conclude(rollout.id) : returnTo(now, wanted);
  }
  await memory.rememberUnwatched(rollout);
  return isAnswered(reading.here, wanted) ? ended.outcome : returnTo(await journal.read(), wanted);
}

/** Whether whoever serves is whom that person wants, once no rollout is open. */
function isAnswered({ champion }: EnvironmentState, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === champion?.version;
}

/** A candidate that was promoted in the very moment is the champion now: what was asked for is still that it goes. */
function wasTakenBack({ history }: EnvironmentState, id: string): boolean {
  return history.findLast(({ rollout }) => rollout === id)?.outcome === 'rolled-back';
}
