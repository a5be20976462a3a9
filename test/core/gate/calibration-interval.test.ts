import { describe, expect, test } from 'vitest';
import { calibrationInterval } from '../../../core/gate/metrics/calibration.ts';
import { meanInterval } from '../../../core/gate/metrics/mean-interval.ts';
import { evaluateMetric } from '../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import { type Predictions, sampleOf, sideOf } from '../../../core/gate/predictions.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { randomBinary } from './samples.ts';

type Stream = ReturnType<typeof randomStream>;

/** A binary model whose answers with confidence c are right in `truth(c)` of cases; so many rows as are `alike` form a group of copies. */
function draw(rows: number, truth: (confidence: number) => number, random: Stream, alike = 1): Predictions {
  const positive = new Float64Array(rows);
  const labels = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const first = row - (row % alike);
    positive[row] = row === first ? 0.5 + 0.5 * random.uniform() : (positive[first] ?? 0);
    labels[row] = row === first ? Number(random.uniform() < truth(positive[row] ?? 0)) : (labels[first] ?? 0);
  }
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: Array.from(labels, (_, row) => String(row)),
    labels,
    predictions: positive.map((value) => (value > 0.5 ? 1 : 0)),
    scores: [positive],
    groups: alike === 1 ? undefined : Array.from(labels, (_, row) => `group-${Math.floor(row / alike)}`),
    slices: {},
  };
}

/** The mean gap over the five bins from 0.5 on, confidences being uniform there. */
function expectedError(truth: (confidence: number) => number): number {
  const steps = 1000;
  const bins = Array.from({ length: 5 }, (_, bin) => {
    const gaps = Array.from({ length: steps }, (_, step) => {
      const confidence = 0.5 + 0.1 * (bin + (step + 0.5) / steps);
      return truth(confidence) - confidence;
    });
    return Math.abs(gaps.reduce((sum, gap) => sum + gap, 0) / steps);
  });
  return bins.reduce((sum, gap) => sum + gap, 0) / 5;
}

const TRUTHS = [
  ['calibrated', (confidence: number) => confidence],
  ['a little too sure', (confidence: number) => confidence - 0.02],
  ['far too sure', (confidence: number) => 0.5 + 0.4 * (confidence - 0.5)],
  ['sure at the wrong places', (confidence: number) => confidence + (confidence < 0.7 ? 0.1 : -0.1)],
] as const;

describe('each end of the interval holds in at least 19 of 20 holdouts, chance allowed for', () => {
  const cells = TRUTHS.flatMap(([name, truth]) =>
    [200, 800, 3000].map((rows) => [name, rows, truth] as const),
  );
  test.each(cells)('%s, %i rows', (name, rows, truth) => {
    const random = randomStream(`${name}|${rows}`);
    const right = expectedError(truth);
    const draws = 400;
    let [under, over] = [0, 0];
    for (let index = 0; index < draws; index += 1) {
      const model = draw(rows, truth, random);
      const interval = calibrationInterval(sampleOf(model), sideOf(model), 0.9);
      if (interval === undefined || interval.low > right) under += 1;
      if (interval === undefined || interval.high < right) over += 1;
    }
    // 5% of 400 is 20; 31 would be seen in one of a hundred.
    expect({ under: under <= 31, over: over <= 31 }, `${under} and ${over} of ${draws}`).toEqual({
      under: true,
      over: true,
    });
  });
});

describe('what it is made of', () => {
  const far = TRUTHS[2][1];

  test('a plain error has a lower end as near as the upper one: chance has added nothing to it', () => {
    const model = draw(20_000, far, randomStream('plain'));
    const metric = findMetric('ece', 'binary');
    if (!metric.ok) throw new Error('no such metric');
    const value = Number(evaluateMetric(metric.value, sampleOf(model), sideOf(model)));
    const interval = meanInterval(metric.value, { sample: sampleOf(model), side: sideOf(model) }, value);
    expect(interval?.level).toBe(0.9);
    expect((value - (interval?.low ?? 0)) / ((interval?.high ?? 0) - value)).toBeCloseTo(1, 1);
  });

  test('a calibrated model reaches down to none', () => {
    const model = draw(800, (confidence) => confidence, randomStream('calibrated'));
    expect(calibrationInterval(sampleOf(model), sideOf(model), 0.9)?.low).toBe(0);
  });

  test('rows that are copies of each other tell no more than one of them', () => {
    const copied = draw(4000, far, randomStream('copies'), 4);
    const width = (model: Predictions): number => {
      const interval = calibrationInterval(sampleOf(model), sideOf(model), 0.9);
      return (interval?.high ?? 0) - (interval?.low ?? 0);
    };
    expect(width(copied) / width({ ...copied, groups: undefined })).toBeGreaterThan(1.7);
  });

  test('fewer than ten groups give none', () => {
    const model = {
      ...randomBinary(300, 0.1, 'few'),
      groups: Array.from({ length: 300 }, (_, row) => `${row % 9}`),
    };
    expect(calibrationInterval(sampleOf(model), sideOf(model), 0.9)).toBeUndefined();
  });
});
