import { expect, test } from 'vitest';
import { compareModels } from '../../../core/gate/comparison/models.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import type { Pair, Side } from '../../../core/gate/predictions.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

const ROWS = 1000;
const PROMISED = 0.8;

type Stream = ReturnType<typeof randomStream>;

/** Two models of quantiles, of which the challenger's cover this much less than they promise; so many rows are covered alike. */
function drawPair(harm: number, alike: number, random: Stream): Pair {
  const labels = new Float64Array(ROWS);
  const sideOf = (share: number): Side => {
    const highest = new Float64Array(ROWS);
    for (const row of highest.keys()) {
      highest[row] =
        row % alike === 0 ? Number(random.uniform() < share) - 0.5 : (highest[row - (row % alike)] ?? 0);
    }
    return { predictions: labels, parts: [labels.map(() => -1), highest], scores: [], rowMetrics: {} };
  };
  return {
    sample: {
      task: 'quantiles',
      classes: ['0.1', '0.9'],
      ids: Array.from(labels, (_, row) => String(row)),
      labels,
      truths: [],
      groups: alike === 1 ? undefined : Array.from(labels, (_, row) => `day-${Math.floor(row / alike)}`),
      slices: {},
    },
    champion: sideOf(PROMISED),
    challenger: sideOf(PROMISED - harm),
  };
}

// A champion that covers what it promises shows an error by chance, and a worse challenger little more than its own.
test.each([
  [0.06, 1],
  [0.2, 4],
])('a challenger whose coverage is off by the margin of %f, %i rows alike, seldom passes', (harm, alike) => {
  const metric = findMetric('coverage-error', 'quantiles');
  if (!metric.ok) throw new Error('no such metric');
  const draws = 200;
  let passed = 0;
  for (let index = 0; index < draws; index += 1) {
    const pair = drawPair(harm, alike, randomStream(`${harm}|${index}`));
    const compared = compareModels(metric.value, pair, { alpha: 0.05, seed: String(index) });
    if (!compared.ok) throw new Error(compared.error.message);
    if (compared.value.interval.low > -harm) passed += 1;
  }
  // 5% of 200 is 10; 18 would be seen in one of a hundred.
  expect(passed, `${passed} of ${draws}`).toBeLessThan(18);
});
