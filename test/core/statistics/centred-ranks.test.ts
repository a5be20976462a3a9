import { expect, test } from 'vitest';
import { centredRanks } from '../../../core/statistics/centred-ranks.ts';

test.each([
  [[], []],
  [[7], [0]],
  [
    [3, 1, 2],
    [1, -1, 0],
  ],
  // SciPy: rankdata([0, 2, 3, 2]) is 1, 2.5, 4, 2.5.
  [
    [0, 2, 3, 2],
    [-1.5, 0, 1.5, 0],
  ],
  [
    [5, 5, 5],
    [0, 0, 0],
  ],
])('%j has the ranks %j', (values, ranks) => {
  expect([...centredRanks(values)]).toEqual(ranks);
});
