import type { Study } from '../../core/ledger/search/study.ts';
import type { FinishedSearch } from './train-context.ts';

/** What the provenance of a training says of the search that its parameters come from. */
export function provenanceOf({ summary, sha }: FinishedSearch, { data }: Study) {
  const { runId, study, best, seed, dataDigest, resultDigest } = summary;
  const { trial, value } = best;
  return { ...{ runId, study, sha, trial, value, seed, dataDigest, resultDigest }, data };
}
