import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import { type Block, tableOfFacts } from '../../core/report/report.ts';
import { describeParameters, showValue } from '../../core/search/describe-progress.ts';

/** Which search it was, so that it can be looked up and done again. */
export function describeSummary(search: SearchSummary): readonly Block[] {
  const { best, metric, direction, asked, complete, pruned, runId, study, seed } = search;
  return [
    tableOfFacts([
      ['best parameters', [{ kind: 'code', text: describeParameters(best.parameters) }]],
      [metric, `${showValue(best.value)} (${direction}), trial ${best.trial}, run ${best.runId}`],
      ['trials', `${complete} to their end and ${pruned} pruned, of ${asked}`],
      ['study', study],
      ['MLflow run', runId],
      ['seed of the sampler', String(seed)],
      ['data', search.dataDigest],
      ['all trials', search.resultDigest],
    ]),
  ];
}
