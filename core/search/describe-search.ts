import { alignRight, type Block } from '../report/report.ts';
import { describeParameters, drawValues, showValue } from './describe-progress.ts';
import type { SearchProgress, SearchResult } from './search-result.ts';

/** So many of the best trials are shown. */
const SHOWN_TRIALS = 5;

/** A search that is over, for people: the best, how it came there, and what mattered. `url` is its MLflow run. */
export function describeSearch(result: SearchResult, url: string): readonly Block[] {
  const { best, metric } = result;
  const link = { kind: 'link', text: 'All trials', url } as const;
  return [
    ...(best === null
      ? []
      : [
          {
            kind: 'paragraph' as const,
            text: `Best ${metric}: ${showValue(best.value)} by trial ${best.trial}, with ${describeParameters(best.parameters)}.`,
          },
        ]),
    { kind: 'paragraph', text: [`${countTrials(result)} `, link, '.'] },
    ...(result.values.length < 2 ? [] : [{ kind: 'code' as const, text: drawValues(result.values) }]),
    ...importancesOf(result),
    ...bestTrialsOf(result),
  ];
}

function countTrials({ asked, complete, pruned, failed, lost }: SearchProgress): string {
  const others = [
    ...(failed > 0 ? [`${failed} failed by themselves and were tried again with other values`] : []),
    ...(lost > 0 ? [`${lost} lost their worker and were run again`] : []),
  ];
  const ended = `${complete} of ${asked} trials ran to their end, ${pruned} were pruned`;
  const short = complete + pruned < asked ? '; the others were not begun in time, or failed too often' : '';
  return `${[ended, ...others].join('; ')}${short}.`;
}

function importancesOf({ importances }: SearchResult): readonly Block[] {
  if (importances === null) return [];
  const rows = Object.entries(importances.values)
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, share]) => [name, `${(share * 100).toFixed(0)} %`]);
  return [{ kind: 'table', columns: [`parameter (${importances.method})`, alignRight('importance')], rows }];
}

function bestTrialsOf({ trials, direction, metric }: SearchResult): readonly Block[] {
  const sign = direction === 'maximize' ? -1 : 1;
  const complete = trials.flatMap((trial) =>
    trial.state === 'complete' && trial.value !== null ? [{ ...trial, value: trial.value }] : [],
  );
  const rows = complete
    .toSorted((left, right) => sign * (left.value - right.value) || left.number - right.number)
    .slice(0, SHOWN_TRIALS)
    .map(({ number, value, parameters }) => [
      String(number),
      showValue(value),
      describeParameters(parameters),
    ]);
  if (rows.length < 2) return [];
  return [{ kind: 'table', columns: [alignRight('trial'), alignRight(metric), 'parameters'], rows }];
}
