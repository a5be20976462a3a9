import { expect, test } from 'vitest';
import { makeAliasTable } from '../../measure/simulate/alias-table.ts';

test.each([
  ['alike', [1, 1, 1, 1]],
  ['of one', [5]],
  ['like Zipf', Array.from({ length: 50 }, (_, index) => (index + 1) ** -1.1)],
  ['of which one has nothing', [0, 3, 1]],
])('picks indexes in proportion to weights that are %s', (_how, weights) => {
  const { pick } = makeAliasTable(weights);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const steps = 200_000;
  const picked = weights.map(() => 0);
  for (let step = 0; step < steps; step += 1) {
    const index = pick((step + 0.5) / steps);
    picked[index] = (picked[index] ?? 0) + 1;
  }
  weights.forEach((weight, index) => {
    expect((picked[index] ?? 0) / steps).toBeCloseTo(weight / total, 3);
  });
});
