import { ServiceError } from '../../../core/errors.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import { type Deployed, type Deployment, hereIn, readState } from '../deploy-context.ts';
import { concludeEarlier } from './conclude.ts';
import { rollBack } from './end.ts';

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
    const { history, rollout } = hereIn(deployment, state);
    if (history.some((ended) => ended.rollout === rolloutId)) {
      return concludeEarlier(deployment, state, rolloutId);
    }
    // A job that was killed right after it told the hosts, before the ledger: what they were told is finished.
    if (thrown.problem.code !== 'rollout-over' || rollout?.id !== rolloutId) throw thrown;
    const explanation = `A host was told before that it is over: ${thrown.problem.message}`;
    const code = thrown.problem.code;
    return rollBack(deployment, rollout, { code, explanation, report: escapeMarkdown(explanation) });
  }
}
