import { ServiceError } from '../../core/errors.ts';
import { concludeEarlier } from './conclude-earlier.ts';
import { type Deployed, type Deployment, hereIn, readState } from './deploy-context.ts';

/**
 * Works on an open rollout. Another job may end it meanwhile (a report of a brake starts one): then a host refuses what no longer
 * stands, and the ledger says how it ended.
 */
export async function untilEnded(
  deployment: Deployment,
  rolloutId: string,
  work: () => Promise<Deployed>,
): Promise<Deployed> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown;
    const state = await readState(deployment);
    const ended = hereIn(deployment, state).history.some(({ rollout }) => rollout === rolloutId);
    if (!ended) throw thrown;
    return concludeEarlier(deployment, state, rolloutId);
  }
}
