import fc from 'fast-check';
import { describe, test } from 'vitest';
import { compareAuc, midRanks } from '../../../core/statistics/intervals/delong.ts';

describe('ROC comparison', () => {
  const rows = fc.array(
    fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
    { minLength: 6, maxLength: 60 },
  );

  test('counts every pair of a positive and a negative once, ties half', () => {
    fc.assert(
      fc.property(rows, (cases) => {
        const positive = cases.map(([label]) => (label ? 1 : 0));
        const scores = cases.map(([, score]) => score);
        const ups = cases.filter(([label]) => label);
        const downs = cases.filter(([label]) => !label);
        if (ups.length === 0 || downs.length === 0)
          return Number.isNaN(compareAuc(positive, scores, scores).aucA);
        const wins = ups.flatMap(([, up]) =>
          downs.map(([, down]) => (up > down ? 1 : up === down ? 0.5 : 0)),
        );
        const auc = wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
        return Math.abs(compareAuc(positive, scores, scores).aucA - auc) < 1e-12;
      }),
    );
  });

  test('is 0 with no error for a model against itself, and turns its sign when the models are swapped', () => {
    fc.assert(
      fc.property(rows, (cases) => {
        const positive = cases.map(([label]) => (label ? 1 : 0));
        if (
          positive.filter((label) => label === 1).length < 2 ||
          positive.filter((label) => label === 0).length < 2
        )
          return true;
        const a = cases.map(([, score]) => score);
        const b = cases.map(([, , score]) => score);
        const same = compareAuc(positive, a, a);
        const there = compareAuc(positive, a, b);
        const back = compareAuc(positive, b, a);
        return (
          same.difference === 0 &&
          same.standardError === 0 &&
          there.difference === -back.difference &&
          Math.abs(there.standardError - back.standardError) < 1e-12
        );
      }),
    );
  });

  test('mid-ranks add up to n (n + 1) / 2', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (values) => {
        const n = values.length;
        return midRanks(values).reduce((sum, rank) => sum + rank, 0) === (n * (n + 1)) / 2;
      }),
    );
  });
});
