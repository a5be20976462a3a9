import { expect, test } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { describeReference, measureReference } from '../../../core/drift/reference-noise.ts';
import { stabilityIndex } from '../../../core/drift/stability-index.ts';
import { binomialDraws } from '../../../core/statistics/random/binomial-draws.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { tenBins } from './drift-data.ts';

const DRAWS = 500;
const LIVE = 10_000_000;

function drawTen(rows: number, draw: (n: number, p: number) => number): readonly number[] {
  let left = rows;
  return Array.from({ length: 10 }, (_, bin) => {
    const drawn = bin === 9 ? left : draw(left, 1 / (10 - bin));
    left -= drawn;
    return drawn;
  });
}

// Indices of about 0.02, 0.1 and 0.2, live rows without end: all that is left is the reference's noise.
test.each([
  [300, 0.03],
  [300, 0.07],
  [1000, 0.07],
  [3000, 0.07],
  [10_000, 0.083],
])('of %i rows with a share of %f moved, an index varies as it is said', (rows, moved) => {
  const live = tenBins(LIVE, moved);
  const index = stabilityIndex(tenBins(LIVE), live).debiased;
  const draw = binomialDraws(rows, randomStream(`${rows}|${moved}`));
  const seen = Array.from({ length: DRAWS }, () => stabilityIndex(drawTen(rows, draw), live).debiased);
  const mean = seen.reduce((sum, one) => sum + one, 0) / DRAWS;
  const measured = Math.sqrt(seen.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (DRAWS - 1));
  const judged = [
    {
      name: 'x',
      kind: 'numeric',
      isOrdered: true,
      reference: tenBins(rows),
      binNames: [],
      blocks: [],
    } as const,
  ];
  const { atWarn } = measureReference(judged, { ...DEFAULT_DRIFT_OPTIONS, warn: index });
  expect(atWarn / (1.96 * measured)).toBeGreaterThan(0.85);
  expect(atWarn / (1.96 * measured)).toBeLessThan(1.15);
});

test('the page is told how well the warning level is known', () => {
  expect(describeReference({ rows: 1000, atWarn: 0.041 }, 0.1)).toBe(
    'The reference profile holds 1,000 rows: by them alone an index of 0.1 is known to ±0.04.',
  );
});
