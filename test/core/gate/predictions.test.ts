import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { type Predictions, sideAt, sideOf } from '../../../core/gate/predictions.ts';
import { binaryModels, randomBinary, randomRegression } from './samples.ts';

const MODELS = binaryModels({ both: 50, onlyChampion: 4, onlyChallenger: 6, neither: 3 });

function reorder(predictions: Predictions, rows: readonly number[]): Predictions {
  return {
    ...predictions,
    ...sideAt(sideOf(predictions), rows),
    ids: rows.map((row) => predictions.ids[row] ?? ''),
    labels: Float64Array.from(rows, (row) => predictions.labels[row] ?? 0),
    slices: {},
  };
}

function codesOf(champion: Predictions, challenger: Predictions): readonly string[] {
  const paired = pairPredictions(champion, challenger);
  return paired.ok ? [] : paired.error.map(({ code }) => code);
}

test('pairs rows by id, in whatever order the models wrote them', () => {
  const rows = MODELS.champion.ids.length;
  const anyOrder = fc.shuffledSubarray(
    Array.from({ length: rows }, (_, row) => row),
    { minLength: rows, maxLength: rows },
  );
  const straight = pairPredictions(MODELS.champion, MODELS.challenger);
  fc.assert(
    fc.property(anyOrder, (order) => {
      const paired = pairPredictions(reorder(MODELS.champion, order), MODELS.challenger);
      expect(paired).toEqual(straight);
    }),
  );
});

describe('refuses to pair', () => {
  const { champion, challenger } = MODELS;
  const withFirst = (values: Float64Array, first: number): Float64Array =>
    values.map((value, row) => (row === 0 ? first : value));
  const cases: readonly (readonly [string, string, Predictions, Predictions])[] = [
    ['no rows', 'no-rows', champion, reorder(challenger, [])],
    [
      'other examples',
      'different-examples',
      champion,
      { ...challenger, ids: challenger.ids.map((id) => `other-${id}`) },
    ],
    ['fewer examples', 'different-examples', champion, reorder(challenger, [0, 1, 2])],
    [
      'the same id twice',
      'duplicate-id',
      champion,
      { ...challenger, ids: challenger.ids.map(() => 'row-1') },
    ],
    [
      'other labels',
      'different-labels',
      champion,
      { ...challenger, labels: challenger.labels.map((label) => 1 - label) },
    ],
    ['another task', 'different-task', champion, randomRegression(63, 1, 'x')],
    ['other classes', 'different-classes', champion, { ...challenger, classes: ['yes', 'no'] }],
    [
      'a label that is NaN',
      'not-finite-label',
      champion,
      { ...challenger, labels: withFirst(challenger.labels, Number.NaN) },
    ],
    [
      'an answer that is infinite',
      'not-finite-prediction',
      { ...champion, predictions: withFirst(champion.predictions, Infinity) },
      challenger,
    ],
    [
      'a score that is minus infinity',
      'not-finite-score',
      champion,
      { ...challenger, scores: challenger.scores.map((column) => withFirst(column, -Infinity)) },
    ],
    [
      'an answer that is no class',
      'unknown-class',
      champion,
      { ...challenger, predictions: withFirst(challenger.predictions, 2) },
    ],
    [
      'half a class',
      'unknown-class',
      champion,
      { ...challenger, predictions: withFirst(challenger.predictions, 0.5) },
    ],
    [
      'a short column',
      'length-mismatch',
      champion,
      { ...challenger, predictions: challenger.predictions.subarray(1) },
    ],
    ['a short slice', 'length-mismatch', champion, { ...challenger, slices: { a: ['x'] } }],
    ['short groups', 'length-mismatch', champion, { ...challenger, groups: ['x'] }],
    [
      'three score columns for two classes',
      'wrong-score-columns',
      champion,
      { ...challenger, scores: [...challenger.scores, ...challenger.scores] },
    ],
    [
      'three classes called binary',
      'wrong-class-count',
      champion,
      { ...challenger, classes: ['a', 'b', 'c'] },
    ],
    [
      'a metric of its own that is NaN',
      'not-finite-metric',
      champion,
      { ...challenger, rowMetrics: { own: withFirst(challenger.labels, Number.NaN) } },
    ],
  ];
  test.each(cases)('%s', (_, code, first, second) => {
    expect(codesOf(first, second)).toContain(code);
  });
});

test('every problem says which model, how many rows, an example and what to do', () => {
  const champion = randomBinary(40, 0.1, 'a');
  const broken = {
    ...champion,
    predictions: champion.predictions.map((value, row) => (row % 10 === 3 ? Number.NaN : value)),
  };
  const paired = pairPredictions(champion, broken);
  expect(paired.ok ? [] : paired.error).toEqual([
    {
      code: 'not-finite-prediction',
      message: '4 of 40 predictions of the challenger are not finite numbers (NaN at id "row-3").',
      remedy:
        'Find the examples that give NaN or infinity and mend the model or the data; they are never skipped.',
    },
  ]);
});
