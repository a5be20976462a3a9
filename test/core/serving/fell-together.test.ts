import { expect, test } from 'vitest';
import { fellTogether } from '../../../core/serving/fell-together.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const starting = (...falls: readonly number[]) => ({
  ...{ state: 'starting' as const, since: at(falls.at(-1) ?? 0), crashes: falls.map(at) },
});
const ready = (since: number, ...falls: readonly number[]) => ({
  ...{ state: 'ready' as const, since: at(since), crashes: falls.map(at) },
});

test.each([
  ['in the same look', starting(30), starting(30), true],
  ['a look later', starting(35), starting(30), true],
  ['a look earlier', starting(30), starting(35), true],
  ['and the stable version has come back since', starting(30), ready(34, 30), true],
  ['while the stable version was answering again', starting(39), ready(34, 30), false],
  ['while the stable version answered all along', starting(30), ready(0), false],
  ['much later', starting(41), starting(30), false],
  ['a second time', starting(10, 30), starting(10, 30), false],
  ['never', ready(0), starting(30), false],
])('a candidate that ends %s', (_when, candidate, stable, isTogether) => {
  expect(fellTogether(candidate, stable)).toBe(isTogether);
});

test('nothing fell with a version that is not there', () => {
  expect(fellTogether(undefined, starting(30))).toBe(false);
  expect(fellTogether(starting(30), undefined)).toBe(false);
});
