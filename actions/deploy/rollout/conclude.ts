import type { LedgerState } from '../../../core/ledger/state.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import { type Deployed, type Deployment, hereIn } from '../deploy-context.ts';
import { settle } from '../hosts/settle.ts';
import { rememberForgotten } from './memory.ts';

/** The outcome of a rollout that has ended before this job could: told from the ledger, and the world made to agree with it. */
export async function concludeEarlier(
  deployment: Deployment,
  state: LedgerState,
  rolloutId: string,
): Promise<Deployed> {
  const { environmentName } = deployment.request;
  const here = hereIn(deployment, state);
  const ended = here.history.findLast(({ rollout }) => rollout === rolloutId);
  await settle(deployment);
  const serving = here.champion?.version ?? '';
  if (ended === undefined) {
    const headline = `Nothing is left to do in ${environmentName}.`;
    return {
      decision: 'complete',
      reasonCode: 'nothing-to-do',
      headline,
      report: `### ✔️ Nothing to do\n\n${headline}`,
      outputs: { outcome: 'none', 'serving-version': serving },
      result: { outcome: 'none', servingVersion: serving },
    };
  }
  const promoted = ended.outcome === 'promoted';
  // The job that ended it may have been killed before it could say so, or keep what it was decided on.
  await rememberForgotten(deployment, rolloutId);
  deployment.ports.announcer.status(rolloutId, promoted ? 'success' : 'failure', ended.explanation);
  const headline = `Version ${ended.version} was ${promoted ? 'promoted' : 'rolled back'} in ${environmentName}. ${ended.explanation}`;
  return {
    decision: promoted ? 'complete' : 'stop',
    reasonCode: promoted ? 'promoted' : 'rolled-back',
    headline,
    report: `### ${promoted ? '🚀 Promoted' : '⏪ Rolled back'}: version ${ended.version}\n\n${escapeMarkdown(ended.explanation)}`,
    outputs: { outcome: ended.outcome, 'serving-version': serving },
    result: { ...ended, servingVersion: serving },
  };
}
