import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareByBootstrap } from '../../../core/gate/comparison/bootstrap.ts';
import { answersUnseen } from '../../../core/gate/comparison/losses.ts';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { planResampling } from '../../../core/gate/comparison/plan-resampling.ts';
import type { SampleMetric } from '../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import { type Pair, type Predictions, pairAt } from '../../../core/gate/predictions.ts';
import { binaryPredictions, randomBinary, randomMulticlass, randomRegression } from './samples.ts';

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

/** Rows as label and two answers, each a class of two or -1: none of them. */
const KINDS = [0, 1].flatMap((label) =>
  [-1, 0, 1].flatMap((mine) => [-1, 0, 1].map((other) => [label, mine, other] as const)),
);

function openPair(counts: readonly number[]): Pair {
  const rows = KINDS.flatMap((kind, place) => new Array<typeof kind>(counts[place] ?? 0).fill(kind));
  const side = (column: 1 | 2): Predictions => ({
    ...binaryPredictions(
      Float64Array.from(rows, ([label]) => label),
      Float64Array.from(rows, (row) => row[column]),
    ),
    isOpen: true,
  });
  return pairOf(side(1), side(2));
}

const someOfEach = fc.array(fc.nat(40), { minLength: KINDS.length, maxLength: KINDS.length });

test('rows are kept once only where label and both answers are the same, an answer of no class among them', () => {
  fc.assert(
    fc.property(someOfEach, (more) => {
      const counts = more.map((count) => count + 30);
      const { pair, times } = planResampling(metricOf('recall', 'binary'), openPair(counts));
      const { sample, champion, challenger } = pair;
      const doubts = KINDS.map(([label, mine, other], place) => {
        const rows = [...sample.labels.keys()].filter(
          (row) =>
            sample.labels[row] === label &&
            champion.predictions[row] === mine &&
            challenger.predictions[row] === other,
        );
        return rows.reduce((sum, row) => sum + (times[row] ?? 0), 0) - (counts[place] ?? 0);
      });
      expect(Math.min(...doubts)).toBe(0);
      expect(doubts.reduce((sum, count) => sum + count, 0)).toBe(4);
    }),
    { numRuns: 50 },
  );
});

test('a challenger of nonsense has the same bounds collapsed as row by row', () => {
  // Of 600 positives it answers 150 with no class that the champion has right: recall falls by 0.2.
  const counts = KINDS.map(([label, mine, other]) => {
    if (label === 0) return mine === 0 && other === 0 ? 600 : 0;
    if (mine === 1) return other === 1 ? 420 : Number(other === -1) * 150;
    return mine === 0 && other === 1 ? 30 : 0;
  });
  const pair = openPair(counts);
  const metric = metricOf('recall', 'binary');
  const options = { alpha: 0.05, seed: 's', estimate: -0.2 };
  const collapsed = compareByBootstrap(metric, pair, options);
  const rowByRow = compareByBootstrap({ ...metric, byAnswer: false, unseenHarm: () => 0 }, pair, options);
  if (!collapsed.ok || !rowByRow.ok) throw new Error('no comparison');
  const { interval, harmP } = collapsed.value;
  expect(Math.abs(interval.low - rowByRow.value.interval.low)).toBeLessThan(0.02);
  expect(Math.abs(interval.high - rowByRow.value.interval.high)).toBeLessThan(0.02);
  expect(harmP(0, 1)).toBeLessThan(0.01);
});

test('what unseen losses may cost does not hang on the order of the rows', () => {
  const metric = metricOf('precision', 'binary');
  if (metric.method !== 'bootstrap' || !metric.byAnswer) throw new Error('precision is of answers');
  fc.assert(
    fc.property(someOfEach, (more) => {
      const pair = openPair(more.map((count) => count + 1));
      const backwards = pairAt(pair, [...pair.sample.ids.keys()].reverse());
      expect(answersUnseen(metric, backwards, 0.05)).toBeCloseTo(answersUnseen(metric, pair, 0.05), 12);
    }),
    { numRuns: 50 },
  );
});
