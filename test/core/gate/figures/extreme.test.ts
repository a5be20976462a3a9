import { expect, test } from 'vitest';
import type { Check } from '../../../../core/gate/check.ts';
import { showErrors } from '../../../../core/gate/figures/show-errors.ts';
import { showSlices } from '../../../../core/gate/figures/show-slices.ts';

test.each([
  ['huge ones', [1e308, 1.1e308], [1.2e308, 1.7e308], true],
  ['tiny ones', [5e-324, 0], [0, 0], true],
  ['all the same', [1e20, 1e20], [1e20, 1e20], true],
  ['ones further apart than a number can tell', [1.7e308, -1.7e308], [-1.7e308, 1.7e308], false],
])('numbers are drawn without any that is none: %s', (_, labels, predictions, isShown) => {
  const column = {
    ids: labels.map(String),
    labels: Float64Array.from(labels),
    truths: [],
    groups: undefined,
    slices: {},
  };
  const side = { predictions: Float64Array.from(predictions), parts: [], scores: [], rowMetrics: {} };
  const sample = { task: 'regression', classes: [], ...column } as const;
  const figure = showErrors({ sample, models: [{ who: 'challenger', name: 'challenger', side }] });
  expect(figure !== undefined).toBe(isShown);
  expect(JSON.stringify(figure) ?? '').not.toMatch(/NaN|Infinity/);
});

test('an interval without end leaves those of other slices their places', () => {
  const change = (low: number, high: number) => ({ estimate: 0, interval: { low, high, level: 0.9 } });
  const slice = { rows: 300, margin: 0.1, champion: 1, challenger: 1 };
  const check: Check = {
    ...{ rule: 'slices', metric: 'mae', need: 'not worse', verdict: 'pass', reasons: [] },
    slices: [
      { ...slice, slice: 'few', change: change(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) },
      { ...slice, slice: 'many', change: change(-0.1, 0.2) },
    ],
  };
  const [block] = showSlices(check, 1)?.blocks ?? [];
  expect(block?.kind === 'code' && block.text).toMatch(/many .*├─+.*─+┤/);
});
