import { expect, test } from 'vitest';
import { proposeMargin } from '../../../core/init/propose-margin.ts';

test.each([
  ['regression', 20_000, '1%'],
  ['regression', 1_500, '5%'],
  ['regression', 500, '10%'],
  ['regression', 20, '10%'],
  ['classification', 20_000, '0.5pp'],
  ['classification', 10_000, '1pp'],
  ['classification', 1_500, '2pp'],
  ['classification', 300, '5pp'],
  // (2.4865 · 0.1 / √600) + 3/600 = 0.0152: two points are the smallest margin above it.
  ['ranking', 600, '2pp'],
  ['text', 300, '10%'],
] as const)('proposes for %s on %i examples a margin of %s', (task, rows, margin) => {
  const proposed = proposeMargin(task, rows);
  expect(proposed.margin).toBe(margin);
  if (rows >= 300) expect(proposed.takes).toBeLessThanOrEqual(rows);
});

test('says how many examples the usual margin takes, where there are too few for it', () => {
  // (2.4865 · 0.5 / 0.01)² = 15 457: the sample size of a mean at one-sided 5 % and power 80 %.
  expect(proposeMargin('regression', 1_500).usual).toEqual({ margin: '1%', takes: 15_000 });
  expect(proposeMargin('regression', 20_000).usual).toBeUndefined();
});
