import { expect, test } from 'vitest';
import { compareByBootstrap } from '../../../core/gate/comparison/bootstrap.ts';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { planResampling } from '../../../core/gate/comparison/plan-resampling.ts';
import type { SampleMetric } from '../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import type { Pair, Predictions } from '../../../core/gate/predictions.ts';
import { randomBinary, randomMulticlass, randomRegression } from './samples.ts';

function metricOf(name: string, task: Predictions['task']): SampleMetric {
  const found = findMetric(name, task);
  if (!found.ok || (found.value.method !== 'bootstrap' && found.value.method !== 'auc'))
    throw new Error(`${name} is not bootstrapped`);
  return found.value;
}

function pairOf(champion: Predictions, challenger: Predictions): Pair {
  const paired = pairPredictions(champion, challenger);
  if (!paired.ok) throw new Error(paired.error.map(({ message }) => message).join());
  return paired.value;
}

const BINARY = pairOf(randomBinary(3000, 0.1, 'a'), randomBinary(3000, 0.12, 'b'));

test('rows with the same label and answers are kept once and counted, with two rows of doubt per class', () => {
  const { pair, times, resampling } = planResampling(metricOf('f1', 'binary'), BINARY);
  expect(resampling.kind).toBe('alike');
  expect(pair.sample.ids.length).toBe(8);
  expect(times.reduce((sum, count) => sum + count, 0)).toBe(3004);
});

test('a metric of the scores draws every row by itself, within its class', () => {
  const { times, resampling } = planResampling(metricOf('roc-auc', 'binary'), BINARY);
  expect(
    resampling.kind === 'rows' && resampling.strata.map(({ length }) => length).reduce((a, b) => a + b),
  ).toBe(3000);
  expect(new Set(times)).toEqual(new Set([1]));
});

test('nothing is collapsed where nearly every row is of its own kind, and a regression has one stratum', () => {
  const many = pairOf(randomMulticlass(200, 10, 0.9, 'a'), randomMulticlass(200, 10, 0.9, 'b'));
  expect(planResampling(metricOf('f1', 'multiclass'), many).resampling.kind).toBe('rows');
  const regression = pairOf(randomRegression(50, 1, 'a'), randomRegression(50, 1, 'b'));
  expect(planResampling(metricOf('rmse', 'regression'), regression).resampling).toMatchObject({
    kind: 'rows',
    strata: [{ length: 50 }],
  });
});

test.each(['f1', 'mcc', 'balanced-accuracy', 'precision', 'recall'])(
  '%s has the same bounds collapsed as row by row',
  (name) => {
    const metric = metricOf(name, 'binary');
    const options = { alpha: 0.05, seed: 's', estimate: 0 };
    const collapsed = compareByBootstrap(metric, BINARY, options);
    const rowByRow = compareByBootstrap({ ...metric, byAnswer: false, unseenHarm: () => 0 }, BINARY, options);
    if (!collapsed.ok || !rowByRow.ok) throw new Error('no comparison');
    for (const end of ['low', 'high'] as const) {
      expect(Math.abs(collapsed.value.interval[end] - rowByRow.value.interval[end])).toBeLessThan(
        0.2 * rowByRow.value.standardError,
      );
    }
  },
);
