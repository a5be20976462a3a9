import { describe, expect, test } from 'vitest';
import { binomialProbability } from '../../../core/statistics/distributions/binomial.ts';
import { chiSquareSurvival } from '../../../core/statistics/distributions/chi-square.ts';
import { binomialDraws } from '../../../core/statistics/random/binomial-draws.ts';
import { bootstrap } from '../../../core/statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

/** Pearson's p of counted draws against the binomial probabilities, cells under 5 expected draws joined. */
function fitOf(n: number, p: number, draws: number): number {
  const draw = binomialDraws(n, randomStream(`${n}|${p}`));
  const counts = new Float64Array(n + 1);
  for (let index = 0; index < draws; index += 1) {
    const drawn = draw(n, p);
    counts[drawn] = (counts[drawn] ?? 0) + 1;
  }
  let statistic = 0;
  let cells = 0;
  let [counted, expected] = [0, 0];
  for (let k = 0; k <= n; k += 1) {
    counted += counts[k] ?? 0;
    expected += draws * binomialProbability(k, n, p);
    if (expected < 5 && k < n) continue;
    statistic += (counted - expected) ** 2 / Math.max(expected, 1);
    cells += 1;
    [counted, expected] = [0, 0];
  }
  return cells < 2 ? 1 : chiSquareSurvival(statistic, cells - 1);
}

test.each([
  [1, 0.3],
  [10, 0.05],
  [10, 0.95],
  [57, 0.5],
  [400, 0.01],
  [5000, 0.9],
  [100_000, 0.3],
])('draws of %i with probability %f fit the binomial distribution', (n, p) => {
  expect(fitOf(n, p, 20_000)).toBeGreaterThan(1e-4);
});

test('certain and impossible outcomes need no chance', () => {
  const draw = binomialDraws(50, randomStream('x'));
  expect([draw(0, 0.5), draw(50, 0), draw(50, 1), draw(50, -1e-18), draw(50, 1 + 1e-16)]).toEqual([
    0, 0, 50, 0, 50,
  ]);
});

describe('rows that are alike', () => {
  const strata = [
    { rows: Uint32Array.of(0, 2), times: Uint32Array.of(30, 10) },
    { rows: Uint32Array.of(1, 3, 4), times: Uint32Array.of(1, 0, 4) },
  ];

  test('keep the size of each stratum', () => {
    const sizes = new Set<string>();
    const note = (weights: Uint32Array): number =>
      sizes.add(
        `${(weights[0] ?? 0) + (weights[2] ?? 0)} ${(weights[1] ?? 0) + (weights[3] ?? 0) + (weights[4] ?? 0)}`,
      ).size;
    bootstrap(note, { kind: 'alike', strata }, { rows: 5, resamples: 200, random: randomStream('x') });
    expect([...sizes]).toEqual(['40 5']);
  });

  test('are drawn as often as when each stood for itself', () => {
    const alike = bootstrap(
      (weights) => weights[0] ?? 0,
      { kind: 'alike', strata },
      { rows: 5, resamples: 4000, random: randomStream('x') },
    );
    const single = Uint32Array.from({ length: 40 }, (_, row) => row);
    const first = (weights: Uint32Array): number =>
      weights.subarray(0, 30).reduce((sum, weight) => sum + weight, 0);
    const request = { rows: 40, resamples: 4000, random: randomStream('y') };
    const each = bootstrap(first, { kind: 'rows', strata: [single] }, request);
    for (const place of [40, 400, 2000, 3600, 3960]) {
      expect(Math.abs((alike[place] ?? 0) - (each[place] ?? 0))).toBeLessThanOrEqual(1);
    }
  });
});
