import type { TrackingRun } from '../../core/ports.ts';
import { alignRight, type Block, type Report } from '../../core/report/report.ts';

/** The training for people: what it made, with which parameters, and how well it did by its own account. */
export function reportTraining(
  code: 'trained' | 'already-trained',
  { runId, url, modelUri = 'no model', metrics, parameters }: TrackingRun,
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
