import type { Announcer } from '../announcer.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Settler } from '../hosts/settle.ts';
import type { Reading } from '../journal.ts';
import { type DeployOutcome, endedOutcome, idleOutcome } from '../outcomes.ts';
import type { Memory } from './memory.ts';

/**
 * The outcome of a job that finds nothing to go on with: how that rollout has ended, as the ledger has it, or that none is open. The
 * world is made to agree with the ledger first.
 */
export type Conclude = (reading: Reading, rolloutId: string | undefined) => Promise<DeployOutcome>;

type ConcludePorts = {
  readonly settler: Pick<Settler, 'settle'>;
  readonly fleet: Pick<Fleet, 'away'>;
  readonly announcer: Pick<Announcer, 'status'>;
  readonly memory: Pick<Memory, 'rememberForgotten'>;
};

/** Concludes for one environment. */
export function createConclude(
  { settler, fleet, announcer, memory }: ConcludePorts,
  environment: string,
): Conclude {
  return async ({ here }, rolloutId) => {
    const ended = here.history.findLast(({ rollout }) => rollout === rolloutId);
    await settler.settle();
    const serving = here.champion?.version ?? '';
    if (ended === undefined) return idleOutcome(environment, serving);
    // The job that ended it may have been killed before it could say so, or keep what it was decided on.
    await memory.rememberForgotten(ended.rollout);
    const state = ended.outcome === 'promoted' ? 'success' : 'failure';
    announcer.status(ended.rollout, state, ended.explanation);
    return endedOutcome({ environment, away: fleet.away() }, ended, serving);
  };
}
