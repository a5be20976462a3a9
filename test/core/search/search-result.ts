import type { SearchResult } from '../../../core/search/search-result.ts';

/** A search of four trials, one of them pruned. */
export const RESULT: SearchResult = {
  ...{ asked: 5, complete: 3, pruned: 1, running: 0, failed: 1, lost: 2 },
  values: [0.5, 0.9, 0.75],
  best: { trial: 1, value: 0.9, parameters: { lr: 0.01, layer: 'wide' }, runId: 'run-1' },
  ...{
    seconds: 40,
    secondsToDeadline: null,
    study: 'mnist/comment-1',
    metric: 'val_acc',
    direction: 'maximize',
  },
  sampler: { kind: 'tpe', seed: 7, multivariate: true, constantLiar: true },
  ...{ pruning: 'median', optuna: '5.0.0' },
  importances: { method: 'fanova', values: { layer: 0.2, lr: 0.8 } },
  trials: [
    trial(0, 0.5, { lr: 0.1, layer: 'deep' }),
    trial(1, 0.9, { lr: 0.01, layer: 'wide' }),
    { ...trial(2, 0.4, { lr: 0.0001, layer: 'deep' }), state: 'pruned' },
    trial(3, 0.7, { lr: 0.001, layer: '<b>&' }),
  ],
};

function trial(number: number, value: number, parameters: { lr: number; layer: string }) {
  return { number, state: 'complete' as const, value, parameters, runId: `run-${number}`, seconds: 10 };
}
