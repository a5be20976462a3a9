import { describe, expect, it } from 'vitest';
import { nameBins, referenceProfileSchema } from '../../../core/drift/profile.ts';
import { profileOf } from './drift-data.ts';

describe('what a bin holds is said in words', () => {
  it.each([
    [{}, ['all']],
    [{ edges: [3] }, ['≤ 3', '> 3']],
    [{ edges: [3, 7.12345] }, ['≤ 3', '3 … 7.123', '> 7.123']],
    [{ categories: ['a'] }, ['a', 'all others']],
  ])('%o', (feature, names) => {
    expect(nameBins(feature)).toEqual(names);
  });
});

describe('a profile whose counts do not fit its bins is refused at its place', () => {
  const feature = { name: 'x', kind: 'numeric', edges: [1, 2], counts: [1, 1, 1], missing: 0 };
  it.each([
    ['edges', { ...feature, edges: undefined }, 'a numeric feature needs edges'],
    ['categories', { ...feature, kind: 'categorical' }, 'a categorical feature needs categories'],
    ['counts', { ...feature, counts: [1, 1] }, 'expected 3 counts, found 2'],
    ['blocks', { ...feature, blocks: [[1, 1]] }, 'each block must have 3 counts'],
  ])('%s', (place, unfit, message) => {
    const { error } = referenceProfileSchema.safeParse({ ...profileOf(), features: [unfit] });
    expect(error?.issues.map(({ path, message: said }) => [path, said])).toEqual([
      [['features', 0, place], message],
    ]);
  });

  it.each([
    ['classes and counts', { kind: 'classes', classes: ['a', 'b'], counts: [1] }, 'one entry per class'],
    ['edges and counts', { kind: 'numeric', edges: [1], counts: [1] }, 'one entry more than edges'],
    [
      'totals and correct answers',
      {
        kind: 'classes',
        classes: ['a'],
        counts: [1],
        confidence: { edges: [0.5], total: [1, 1], correct: [2, 0] },
      },
      'must not exceed total',
    ],
    [
      'edges and totals',
      {
        kind: 'classes',
        classes: ['a'],
        counts: [1],
        confidence: { edges: [0.5], total: [1], correct: [1] },
      },
      'one entry more than edges',
    ],
  ])('%s', (_, prediction, message) => {
    const { error } = referenceProfileSchema.safeParse({ ...profileOf(), prediction });
    expect(error?.issues.map(({ message: said }) => said)).toEqual([expect.stringContaining(message)]);
  });
});
