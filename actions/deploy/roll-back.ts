import { UserError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import { readRollback } from '../../core/ledger/read-rollback.ts';
import type { EnvironmentState, LedgerState, Rollout, RolloutOutcome } from '../../core/ledger/state.ts';
import { findReturnBar } from '../../core/rollout/find-return-bar.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { Settler } from './hosts/settle.ts';
import type { Journal } from './journal.ts';
import { type DeployOutcome, promotedSince, takenBackBefore, withReport } from './outcomes.ts';
import type { ReturnTo } from './return-to.ts';
import type { Conclude } from './rollout/conclude.ts';
import type { Endings } from './rollout/end.ts';
import type { Memory } from './rollout/memory.ts';

/** What a rollback on the word of a person needs. */
export type RollBackPorts = {
  readonly journal: Pick<Journal, 'read' | 'environment'>;
  readonly fleet: Pick<Fleet, 'away'>;
  readonly settler: Pick<Settler, 'settle'>;
  readonly endings: Pick<Endings, 'rollBack'>;
  readonly memory: Pick<Memory, 'rememberUnwatched'>;
  readonly conclude: Conclude;
  readonly returnTo: ReturnTo;
};

/** Who asked for a rollback, when where that is known, and the version that they named. */
type RollBackWish = {
  readonly actor: string;
  readonly saidAt: Instant | undefined;
  readonly wanted: string | undefined;
};

/**
 * Returns to an earlier version at once. An open rollout is ended; without one, or when another version is named, the champion gives
 * way to that version or to the one before it. Where that was done before it was asked for, nothing is taken back but what is named.
 */
export async function rollBackNow(
  ports: RollBackPorts,
  { actor, saidAt, wanted }: RollBackWish,
): Promise<DeployOutcome> {
  const { journal, endings, memory, conclude, returnTo } = ports;
  const reading = await journal.read();
  const { here } = reading;
  if (reading.hasWritten('rollout.rolled-back') && isAnswered(here, wanted)) {
    return conclude(here.history.at(-1)?.rollout);
  }
  if (wanted !== undefined) requireReturn(reading.state, journal.environment, wanted);
  const meaning = wanted === undefined ? readRollback(here, saidAt) : undefined;
  if (meaning?.kind === 'done') return sayDone(ports, meaning.last);
  const rollout = meaning === undefined ? here.rollout : openOf(meaning);
  if (rollout === undefined) return returnTo(reading, wanted);
  const ended = await endings.rollBack(rollout, withReport('requested', `${actor} asked for it.`));
  if (ended.kind === 'overtaken') {
    const { now } = ended;
    const isDone = wasTakenBack(now.here, rollout.id) && isAnswered(now.here, wanted);
    return isDone ? conclude(rollout.id) : returnTo(now, wanted);
  }
  await memory.rememberUnwatched(rollout);
  return isAnswered(here, wanted) ? ended.outcome : returnTo(await journal.read(), wanted);
}

function openOf(meaning: ReturnType<typeof readRollback>): Rollout | undefined {
  return meaning.kind === 'end' ? meaning.rollout : undefined;
}

/** Hosts may not have been told of what the ledger has. */
async function sayDone(
  { journal, fleet, settler }: RollBackPorts,
  last: RolloutOutcome,
): Promise<DeployOutcome> {
  await settler.settle();
  const { here, at } = await journal.read();
  const say = last.outcome === 'promoted' ? promotedSince : takenBackBefore;
  return say({ environment: journal.environment, away: fleet.away() }, { last, here, now: at });
}

/** Whether whoever serves is whom that person wants, once no rollout is open. */
function isAnswered({ champion }: EnvironmentState, wanted: string | undefined): boolean {
  return wanted === undefined || wanted === champion?.version;
}

/** A candidate that was promoted in the very moment is the champion now: what was asked for is still that it goes. */
function wasTakenBack({ history }: EnvironmentState, id: string): boolean {
  return history.findLast(({ rollout }) => rollout === id)?.outcome === 'rolled-back';
}

/** Looked at again by whoever does it: the job may have waited. */
function requireReturn(state: LedgerState, environment: string, version: string): void {
  const bar = findReturnBar(state, { environment, version });
  if (bar !== undefined) throw new UserError([bar]);
}
