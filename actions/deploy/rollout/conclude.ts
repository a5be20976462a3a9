import type { Announcer } from '../announcer.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Settler } from '../hosts/settle.ts';
import type { Journal } from '../journal.ts';
import { type DeployOutcome, endedOutcome, idleOutcome } from '../outcomes.ts';
import type { Memory } from './memory.ts';

/**
 * The outcome of a job that finds nothing to go on with: how that rollout has ended, as the ledger has it once the
 * world was made to agree with it, or that none is open.
 */
export type Conclude = (rolloutId: string | undefined) => Promise<DeployOutcome>;

type ConcludePorts = {
  readonly journal: Pick<Journal, 'read' | 'environment'>;
  readonly settler: Pick<Settler, 'settle'>;
  readonly fleet: Pick<Fleet, 'away'>;
  readonly announcer: Pick<Announcer, 'status'>;
  readonly memory: Pick<Memory, 'rememberForgotten'>;
};

/** Concludes for one environment. */
export function createConclude({ journal, settler, fleet, announcer, memory }: ConcludePorts): Conclude {
  const { environment } = journal;
  return async (rolloutId) => {
    await settler.settle();
    const { here } = await journal.read();
    const ended = here.history.findLast(({ rollout }) => rollout === rolloutId);
    const serving = here.champion?.version ?? '';
    if (ended === undefined) return idleOutcome(environment, serving);
    // The job that ended it may have been killed before it could say so, or keep what it was decided on.
    await memory.rememberForgotten(ended.rollout);
    const state = ended.outcome === 'promoted' ? 'success' : 'failure';
    announcer.status(ended.rollout, state, ended.explanation);
    return endedOutcome({ environment, away: fleet.away() }, ended, serving);
  };
}
