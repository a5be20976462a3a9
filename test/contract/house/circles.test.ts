import { expect, test } from 'vitest';
import { findFileCircles, findPartCircles, findRoomCircles } from '../../../measure/house/layers.ts';
import { imagineHouse } from '../../../measure/house/open-house.ts';
import { house } from './support/house.ts';

test('no files import each other in a ring, not even for a type', () => {
  expect(findFileCircles(house)).toEqual([]);
});

test('no rooms of core do', () => {
  expect(findRoomCircles(house)).toEqual([]);
});

test('no parts of the repository do', () => {
  expect(findPartCircles(house)).toEqual([]);
});

test('a ring of three is found, and what only leads to it is no part of it', () => {
  const ring = imagineHouse({
    'core/a/one.ts': "import type { B } from '../b/two.ts'; export type A = B;",
    'core/b/two.ts': "import { c } from '../../adapters/three.ts'; export type B = typeof c;",
    'adapters/three.ts': "import type { A } from '../core/a/one.ts'; export const c: A | 1 = 1;",
    'agent/four.ts': "import { c } from '../adapters/three.ts'; export const d = c;",
  });
  expect(findFileCircles(ring)).toEqual([['adapters/three.ts', 'core/a/one.ts', 'core/b/two.ts']]);
  expect(findRoomCircles(ring)).toEqual([]);
  expect(findPartCircles(ring)).toEqual([['adapters', 'core']]);
});
