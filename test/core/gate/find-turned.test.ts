import { describe, expect, test } from 'vitest';
import { findTurned } from '../../../core/gate/find-turned.ts';
import { gatherEvidence } from '../../../core/gate/judge/gather-evidence.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { gateInput, randomBinary, randomRanking } from './samples.ts';

const CLASSES = ['a', 'b', 'c', 'd'];
const ROWS = 400;

/** A settled champion of four classes that answers so. */
function champion(answer: (label: number, row: number) => number): Predictions {
  const labels = Float64Array.from({ length: ROWS }, (_, row) => row % CLASSES.length);
  return {
    ...randomBinary(ROWS, 0, 'shape'),
    ...{ task: 'multiclass', classes: CLASSES, labels, scores: [], isSettled: true },
    predictions: labels.map(answer),
  };
}

describe('a champion whose meaning is settled', () => {
  test('is told of where its answers would be right in another order: all rows, and most of them', () => {
    const random = randomStream('noise');
    expect(findTurned(champion((label) => (label + 1) % 4))).toEqual([
      expect.stringMatching(
        /^The champion is right on 0 of 400 examples, fewer than by chance, and would be on 400 with the classes in another order\. .*the labels of the holdout/,
      ),
    ]);
    const mostly = (label: number) => (random.uniform() < 0.4 ? (label + 1) % 4 : random.below(4));
    expect(findTurned(champion(mostly))).toHaveLength(1);
  });

  test.each([
    ['is right', (label: number) => label],
    ['knows nothing', (_: number, row: number) => Math.floor(row / 4) % 4],
    ['answers one class', () => 2],
    [
      'answers two classes for one another, and the others rightly',
      (label: number) => (label < 2 ? 1 - label : label),
    ],
  ])('is not where it %s', (_, answer) => {
    expect(findTurned(champion(answer))).toEqual([]);
  });

  test('rankings that run backwards are told as well, and no model that nobody has judged', () => {
    const ranked = randomRanking(40, 1.5, 'ranked');
    const backwards = { ...ranked, predictions: ranked.predictions.map((score) => -score) };
    expect(findTurned({ ...backwards, isSettled: true })).toEqual([
      expect.stringContaining('run against the relevance'),
    ]);
    expect(findTurned(backwards)).toEqual([]);
    expect(findTurned(undefined)).toEqual([]);
  });

  test('stands beside the judgement, which goes on', () => {
    const turned = champion((label) => (label + 1) % 4);
    const challenger = { ...champion((label) => label), isSettled: false };
    const { evidence, problems, notes } = gatherEvidence(gateInput([], { champion: turned, challenger }));
    expect(problems).toEqual([]);
    expect(evidence?.pair).toBeDefined();
    expect(notes).toEqual([expect.stringContaining('would be on 400')]);
  });
});
