import { createSeal } from '../../adapters/seal.ts';
import { type LedgerState, openTrainings, type Training } from '../../core/ledger/state.ts';
import { readProgress } from '../../core/search/progress-tag.ts';
import { updateComment } from '../job/thread-comment.ts';
import { findRunsOf } from './find-runs-of.ts';
import type { Monitoring } from './monitor-context.ts';

/** The section of the comment where propose says in the end what a search came to. */
const SECTION = 'propose';

/**
 * Says in the comment of each pull request that a search is under way for how far it is: the job that searches runs the user's code, and may
 * write none. What it says lies in MLflow under its seal, and is shown as text.
 */
export async function tellSearches(monitoring: Monitoring, state: LedgerState): Promise<void> {
  for (const training of openTrainings(state)) {
    if (training.operation === 'tune') await tellSearch(monitoring, training);
  }
}

async function tellSearch(monitoring: Monitoring, training: Training): Promise<void> {
  const { request, ports } = monitoring;
  const { correlationId, nonce, pullRequest, run: workflowRun } = training;
  if (nonce === undefined || pullRequest === undefined) return;
  const runs = await findRunsOf(monitoring, training, 'search');
  const seal = createSeal(nonce);
  const [told] = runs
    .filter(({ status }) => status === 'RUNNING')
    .flatMap((run) => readProgress(run.tags, run.runId, seal) ?? []);
  if (told === undefined) return;
  const runUrl = `${request.runUrl.slice(0, request.runUrl.lastIndexOf('/'))}/${workflowRun}`;
  const target = {
    model: request.config.model,
    thread: pullRequest,
    correlationId,
    section: SECTION,
    runUrl,
  };
  await updateComment(ports.github, target, {
    sign: 'begun',
    about: 'the search',
    blocks: [{ kind: 'paragraph', text: `${told.said} (as of ${told.at})` }],
  });
}
