import { describe, expect, test } from 'vitest';
import type { Task } from '../../../core/answers/contract.ts';
import { evaluateMetric } from '../../../core/gate/metrics/metric.ts';
import { defaultMargin, findMetric, metricNames, rowMetric } from '../../../core/gate/metrics/metrics.ts';
import { type Predictions, sampleOf, sideOf } from '../../../core/gate/predictions.ts';
import type { MetricDetail } from '../../../core/gate/rules/rule.ts';
import vectors from '../../../measure/vectors/answers/metrics.json' with { type: 'json' };
import { expectClose } from '../statistics/close-to.ts';
import { randomBinary, randomMulticlass, randomRegression } from './samples.ts';

function predictionsOf(vector: (typeof vectors)[number]): Predictions {
  const task: Task = vector.task === 'regression' || vector.task === 'binary' ? vector.task : 'multiclass';
  return {
    task,
    classes: Array.from({ length: vector.classes }, (_, index) => `class-${index}`),
    ids: vector.labels.map((_, row) => `row-${row}`),
    labels: Float64Array.from(vector.labels),
    predictions: Float64Array.from(vector.predictions),
    scores: vector.scores.map((column) => Float64Array.from(column)),
    groups: undefined,
    slices: {},
  };
}

function measure(name: string, predictions: Predictions): unknown {
  const metric = findMetric(name, predictions.task);
  return metric.ok
    ? evaluateMetric(metric.value, sampleOf(predictions), sideOf(predictions))
    : metric.error.code;
}

describe("metrics have scikit-learn's values", () => {
  for (const [index, vector] of vectors.entries()) {
    const names = Object.entries(vector.values).filter(([, value]) => value !== undefined);
    test.each(names)(`%s of ${vector.task} case ${index}`, (name, value) => {
      const ours = measure(name, predictionsOf(vector));
      expectClose(typeof ours === 'number' ? ours : Number.NaN, value ?? Number.NaN, name);
    });
  }

  for (const [index, vector] of vectors.entries()) {
    test.each(vector.detailed.map((one) => [one.metric, one] as const))(
      `%s with its detail of ${vector.task} case ${index}`,
      (name, { detail, value }) => {
        const predictions = predictionsOf(vector);
        const metric = findMetric(name, predictions.task, detail as MetricDetail);
        const ours = metric.ok && evaluateMetric(metric.value, sampleOf(predictions), sideOf(predictions));
        expectClose(typeof ours === 'number' ? ours : Number.NaN, value, name);
      },
    );
  }

  test('and each metric but the calibration error has such a value', () => {
    const checked = new Set(
      vectors.flatMap(({ values, detailed }) => [
        ...Object.keys(values),
        ...detailed.map(({ metric }) => metric),
      ]),
    );
    const measured: readonly Task[] = ['binary', 'multiclass', 'regression'];
    const names = new Set(measured.flatMap((task) => metricNames(task)));
    expect([...names].filter((name) => !checked.has(name))).toEqual(['ece']);
  });
});

test('the calibration error is the gap between confidence and accuracy, bin by bin', () => {
  const labels = Float64Array.of(1, 1, 0, 1, 0, 0, 1, 0, 1, 1);
  const positive = Float64Array.of(0.95, 0.95, 0.95, 0.65, 0.65, 0.35, 0.35, 0.05, 0.75, 0.75);
  const predictions: Predictions = {
    ...randomBinary(10, 0, 'x'),
    labels,
    predictions: positive.map((score) => (score > 0.5 ? 1 : 0)),
    scores: [positive.map((score) => 1 - score), positive],
  };
  // Bin .9-1: confidence .95 four times, right three times. Bin .6-.7: .65 four times, right two times. Bin .7-.8: .75 twice, right twice.
  expectClose(Number(measure('ece', predictions)), (4 * 0.2 + 4 * 0.15 + 2 * 0.25) / 10, 'ece');
});

describe('metrics are found', () => {
  test.each([
    ['accuracy_score', 'binary', 'accuracy'],
    ['F1_Score', 'binary', 'f1'],
    ['auc', 'multiclass', 'roc-auc'],
    ['precision_recall_auc', 'binary', 'average-precision'],
    ['root_mean_squared_error', 'regression', 'rmse'],
    ['r2_score', 'regression', 'r2'],
  ] as const)("by other people's name: %s of %s is %s", (written, task, name) => {
    const found = findMetric(written, task);
    expect(found.ok && found.value.name).toBe(name);
  });

  test.each([
    ['acuracy', 'Did you mean accuracy?'],
    ['log-los', 'Did you mean log-loss?'],
    ['roc_acu', 'Did you mean roc-auc?'],
    ['mean-squard-error', 'Metrics for binary: accuracy'],
    ['xyzzy', 'Metrics for binary: accuracy'],
  ])('or not, with the nearest name: %s', (written, remedy) => {
    const found = findMetric(written, 'binary');
    expect(found.ok).toBe(false);
    expect(!found.ok && found.error).toMatchObject({
      code: 'unknown-metric',
      remedy: expect.stringContaining(remedy),
    });
  });

  test('or refused for the wrong task, with those that suit it', () => {
    const found = findMetric('accuracy', 'regression');
    expect(!found.ok && found.error).toMatchObject({
      code: 'metric-not-for-task',
      remedy: 'Use one of mae, mse, mape, rmse, r2, pinball, a metric of your own (`data.holdout.metrics`).',
    });
  });

  test('or taken from a column of values per row', () => {
    const predictions = { ...randomBinary(4, 0, 'x'), rowMetrics: { profit: Float64Array.of(1, 2, 3, 6) } };
    const metric = rowMetric('profit', sideOf(predictions));
    expect(metric && evaluateMetric(metric, sampleOf(predictions), sideOf(predictions))).toBe(3);
    expect(rowMetric('loss', sideOf(predictions))).toBeUndefined();
  });
});

test('the margin by default is half a point for rates, .005 for scores and one per cent for losses', () => {
  expect(defaultMargin('accuracy')).toBe(0.005);
  expect(defaultMargin('roc_auc')).toBe(0.005);
  expect(defaultMargin('Log_Loss')).toEqual({ relative: 0.01 });
  expect(defaultMargin('root_mean_squared_error')).toEqual({ relative: 0.01 });
  expect(defaultMargin('profit')).toBe(0.005);
});

describe('metrics that have no value say why', () => {
  const oneClass = (predictions: Predictions): Predictions => ({
    ...predictions,
    labels: predictions.labels.map(() => 1),
  });
  const sameScores = (predictions: Predictions): Predictions => ({
    ...predictions,
    scores: predictions.scores.map((column) => column.map(() => 0.5)),
  });
  const cases: readonly (readonly [string, string, Predictions])[] = [
    ['roc-auc', 'one-class-only', oneClass(randomBinary(40, 0.1, 'x'))],
    ['average-precision', 'one-class-only', oneClass(randomMulticlass(40, 3, 0.1, 'x'))],
    ['mcc', 'one-class-only', oneClass(randomBinary(40, 0.1, 'x'))],
    ['roc-auc', 'all-ties', sameScores(randomBinary(40, 0.1, 'x'))],
    ['log-loss', 'no-scores', { ...randomBinary(40, 0.1, 'x'), scores: [] }],
    [
      'brier',
      'not-probabilities',
      { ...randomBinary(3, 0, 'x'), scores: [Float64Array.of(-3, 0, 1), Float64Array.of(4, 1, 0)] },
    ],
    ['r2', 'constant-target', { ...randomRegression(40, 1, 'x'), labels: new Float64Array(40).fill(3) }],
    ['mape', 'zero-target', { ...randomRegression(40, 1, 'x'), labels: new Float64Array(40) }],
  ];
  test.each(cases)('%s: %s', (name, code, predictions) => {
    expect(measure(name, predictions)).toMatchObject({ code });
  });
});

test('a binary model may give the probability of the positive class alone', () => {
  const both = randomBinary(50, 0.2, 'x');
  const alone = { ...both, scores: both.scores.slice(1) };
  for (const name of ['log-loss', 'brier', 'roc-auc', 'ece']) {
    expectClose(Number(measure(name, alone)), Number(measure(name, both)), name);
  }
});
