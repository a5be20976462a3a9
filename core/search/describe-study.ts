import type { Study } from '../ledger/search/study.ts';

/** Where the parameters of a training come from, and on what data, in a sentence or two. */
export function describeStudy({ study, trial, runId, data }: Study): string {
  return `Its parameters are those of trial ${trial} of the search ${study} (MLflow run ${runId}). ${COMPARED[data]}`;
}

const COMPARED: Readonly<Record<Study['data'], string>> = {
  same: 'Its data are those that were searched on.',
  superset: 'Its data are all that were searched on, byte for byte, and more.',
  other: 'Its data are not all that were searched on: some of those are gone or changed.',
  unknown: 'How its data compare with those that were searched on can’t be told.',
};
