import { describe, expect, test } from 'vitest';
import { readImports } from '../../../measure/house/imports.ts';
import { CORE_LAYERS, findForbiddenImports, mayImport } from '../../../measure/house/layers.ts';
import { imagineHouse, partOf } from '../../../measure/house/open-house.ts';
import { house } from './support/house.ts';

test('every import follows the layers: core imports core, adapters core, actions and agent both, and none each other', () => {
  expect(findForbiddenImports(house)).toEqual([]);
});

test('every room of core has its place in the order of the layers', () => {
  const rooms = house.sources
    .filter(({ file }) => partOf(file) === 'core')
    .map(({ file }) => file.split('/')[1] ?? '');
  expect([...new Set(rooms)].toSorted()).toEqual(CORE_LAYERS.flat().toSorted());
});

describe('the rule itself tells right from wrong', () => {
  test.each([
    ['core/gate/x.ts', 'core/statistics/y.ts', true],
    ['core/statistics/x.ts', 'core/gate/y.ts', false],
    ['core/rollout/x.ts', 'core/monitor/y.ts', false],
    ['core/gate/x.ts', 'core/drift/y.ts', false],
    ['core/ledger/x.ts', 'core/config/y.ts', false],
    ['core/config/x.ts', 'core/ports.ts', false],
    ['core/nowhere/x.ts', 'core/gate/y.ts', false],
    ['core/plan/x.ts', 'adapters/y.ts', false],
    ['adapters/x.ts', 'actions/job/harness.ts', false],
    ['actions/deploy/x.ts', 'actions/train/y.ts', false],
    ['actions/deploy/x.ts', 'actions/job/harness.ts', true],
    ['actions/deploy/rollout/x.ts', 'actions/deploy/hosts/y.ts', true],
    ['actions/deploy/x.ts', 'agent/y.ts', false],
    ['actions/deploy/x.ts', 'sandbox/y.ts', false],
    ['agent/x.ts', 'actions/y.ts', false],
    ['sandbox/x.ts', 'measure/y.ts', false],
    ['sandbox/x.ts', 'test/y.ts', false],
    ['measure/x.ts', 'sandbox/y.ts', true],
    ['measure/x.ts', 'scripts/y.ts', false],
    ['scripts/x.ts', 'test/y.ts', false],
    ['test/x.ts', 'scripts/y.ts', false],
    ['test/x.ts', 'test/support/y.ts', true],
  ])('%s may import %s: %s', (from, to, isOwn) => {
    expect(mayImport({ from, to, isOwn: true })).toBe(isOwn);
  });

  test.each([
    ['core/plan/x.ts', 'node:fs', false],
    ['core/plan/x.ts', 'zod', true],
    ['core/plan/x.ts', 'yaml', false],
    ['core/config/x.ts', 'yaml', true],
    ['actions/deploy/x.ts', '@actions/core', false],
    ['actions/job/harness.ts', '@actions/core', true],
    ['adapters/x.ts', '@actions/github', false],
    ['adapters/x.ts', 'undici', true],
  ])('%s may import the package %s: %s', (from, to, may) => {
    expect(mayImport({ from, to, isOwn: false })).toBe(may);
  });

  test('an import is found however it is written', () => {
    const { sources } = imagineHouse({
      'core/x.ts': [
        "import type { A } from './a.ts';",
        "export { b } from './b.ts';",
        "type C = import('./c.ts').C;",
        "const { d } = await import('./d.ts');",
        "import * as e from 'zod';",
      ].join('\n'),
    });
    expect(sources.flatMap(readImports).map(({ to, names }) => [to, names])).toEqual([
      ['core/a.ts', ['A']],
      ['core/b.ts', ['b']],
      ['core/c.ts', ['C']],
      ['core/d.ts', ['d']],
      ['zod', 'all'],
    ]);
  });
});
