import type { FinishedSearch, HashedData } from './train-context.ts';

/** How the data of a training compare with those of the search that its parameters come from. */
type Comparison = 'same' | 'superset' | 'other' | 'unknown';

/** What the provenance of a training says of the search that its parameters come from. */
export function provenanceOf(search: FinishedSearch, data: HashedData) {
  const { runId, study, best, seed, dataDigest, resultDigest } = search.summary;
  const { trial, value } = best;
  return {
    ...{ runId, study, trial, value, seed, dataDigest, resultDigest },
    data: compareData(search, data),
  };
}

/** Whether all that the search read is among what the training reads, byte for byte. */
function compareData({ summary, files }: FinishedSearch, data: HashedData): Comparison {
  if (summary.dataDigest === data.digest) return 'same';
  if (files === undefined) return 'unknown';
  const present = new Map(data.files.map(({ path, digest }) => [path, digest]));
  return files.every(({ path, digest }) => present.get(path) === digest) ? 'superset' : 'other';
}
