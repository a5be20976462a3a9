import type { Study } from '../../core/ledger/search/study.ts';
import type { TrackingRun } from '../../core/ports.ts';
import { alignRight, type Block, type Report } from '../../core/report/report.ts';
import { describeStudy } from '../../core/search/describe-study.ts';

/** The training for people: what it made, with which parameters, and how well it did by its own account. */
export function reportTraining(
  code: 'trained' | 'already-trained',
  { runId, url, modelUri = 'no model', metrics, parameters }: TrackingRun,
  study: Study | undefined,
): Report {
  const values = Object.entries(metrics)
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([name, value]) => [name, String(Number(value.toPrecision(6)))]);
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return {
    sign: code,
    blocks: [
      {
        kind: 'paragraph',
        text: [
          'MLflow run ',
          { kind: 'link', text: runId, url },
          ' logged ',
          { kind: 'code', text: modelUri },
          '.',
        ],
      },
      ...blocksOf(given.length > 0, { kind: 'paragraph', text: `Parameters: ${given.join(' ')}` }),
      ...(study === undefined ? [] : [{ kind: 'paragraph', text: describeStudy(study) } as const]),
      ...blocksOf(values.length > 0, {
        kind: 'table',
        columns: ['metric', alignRight('value')],
        rows: values,
      }),
    ],
  };
}

function blocksOf(isShown: boolean, block: Block): readonly Block[] {
  return isShown ? [block] : [];
}
