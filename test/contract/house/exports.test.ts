import { expect, test } from 'vitest';
import { findDoubledTypes, findIdleExports } from '../../../measure/house/exports.ts';
import { imagineHouse } from '../../../measure/house/open-house.ts';
import { house } from './support/house.ts';
import { FOR_TESTS } from './support/only-for-tests.ts';

const idle = findIdleExports(house);

function takenBy(whom: 'nobody' | 'tests'): readonly string[] {
  return idle
    .filter((one) => one.takenBy === whom)
    .map(({ file, name }) => `${file}: ${name}`)
    .toSorted();
}

test('nothing is exported that no other file imports', () => {
  expect(takenBy('nobody')).toEqual([]);
});

test('what only tests import is in the list of it, and the list holds nothing else: it may only shrink', () => {
  expect(takenBy('tests')).toEqual([...FOR_TESTS].toSorted());
});

test('a name means one type in the whole house', () => {
  expect(findDoubledTypes(house)).toEqual([]);
});

test('an export that nobody, or only a test, takes is found, and a type that has a namesake', () => {
  const imagined = imagineHouse({
    'core/a.ts':
      'export const taken = 1; export const tested = 2; export function idle() {} export type Twice = 1;',
    'agent/b.ts': "import { taken } from '../core/a.ts'; export type Twice = typeof taken;",
    'agent/c.ts':
      "import type { Twice } from './b.ts'; import type { Twice as Own } from '../core/a.ts'; const x: Twice | Own = 1; void x;",
    'test/a.test.ts': "import { tested } from '../core/a.ts'; void tested;",
    'sandbox/d.ts': 'export const helper = 1;',
    'test/d.test.ts': "import { helper } from '../sandbox/d.ts'; void helper;",
  });
  expect(findIdleExports(imagined).map(({ name, takenBy: whom }) => [name, whom])).toEqual([
    ['tested', 'tests'],
    ['idle', 'nobody'],
  ]);
  expect(findDoubledTypes(imagined)).toEqual([{ name: 'Twice', files: ['agent/b.ts', 'core/a.ts'] }]);
});
