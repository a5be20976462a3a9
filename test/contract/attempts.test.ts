import { expect, test } from 'vitest';
import { ATTACKERS } from '../../measure/attack/attempts.ts';
import { findPlays } from '../../measure/attack/find-plays.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const ids = ATTACKERS.flatMap(([, attempts]) => attempts.map(({ id }) => id));

test('each attempt of the list is played by one test, and each test plays one of the list', () => {
  expect(
    findPlays(ROOT)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});
