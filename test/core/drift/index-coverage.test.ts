import { expect, test } from 'vitest';
import { indexInterval, stabilityIndex } from '../../../core/drift/stability-index.ts';
import { type BinomialDraws, binomialDraws } from '../../../core/statistics/random/binomial-draws.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { sumOf } from '../../../core/statistics/sum-of.ts';

const DRAWS = 400;
const LEVEL = 0.95;

/** Even shares tilted so that the last of so many bins is `e^tilt` times as likely as the first. */
function tiltedShares(bins: number, tilt: number): readonly number[] {
  const weights = Array.from({ length: bins }, (_, bin) => Math.exp((tilt * bin) / (bins - 1)));
  return weights.map((weight) => weight / sumOf(weights));
}

function drawCounts(rows: number, shares: readonly number[], draw: BinomialDraws): readonly number[] {
  let [left, rest] = [rows, 1];
  return shares.map((share, bin) => {
    const drawn = bin === shares.length - 1 ? left : draw(left, Math.min(1, share / rest));
    left -= drawn;
    rest -= share;
    return drawn;
  });
}

const sizes = [
  [20_000, 20_000],
  [20_000, 1000],
  [300, 5000],
] as const;
// Indices of about 0, 0.1, 0.25, 0.83 and 1.3.
const cases = sizes.flatMap(([m, n]) =>
  [0, 1, 1.6, 3.1, 4].map((tilt) => [m, n, tilt, tilt === 1 ? 4 : 10] as const),
);

test.each(cases)(
  'of %i rows against %i, tilted by %f over %i bins, the true index is where its interval says',
  (m, n, tilt, bins) => {
    const draw = binomialDraws(Math.max(m, n), randomStream(`${m}|${n}|${tilt}|${bins}`));
    const [even, tilted] = [tiltedShares(bins, 0), tiltedShares(bins, tilt)];
    const truth = sumOf(
      even.map((p, bin) => (p - (tilted[bin] ?? 0)) * Math.log(p / (tilted[bin] ?? Number.NaN))),
    );
    let covered = 0;
    let sum = 0;
    for (let index = 0; index < DRAWS; index += 1) {
      const found = stabilityIndex(drawCounts(m, even, draw), drawCounts(n, tilted, draw));
      const { low, high } = indexInterval(found, LEVEL);
      const shown = Math.max(0, found.debiased);
      expect(shown).toBeGreaterThanOrEqual(low);
      expect(shown).toBeLessThanOrEqual(high);
      if (low <= truth && truth <= high) covered += 1;
      sum += found.debiased;
    }
    // Three standard deviations of so many draws are three points; an index of 0 has only one side to miss.
    expect(covered / DRAWS).toBeGreaterThan(0.92);
    expect(covered / DRAWS).toBeLessThan(tilt === 0 ? 1 : 0.98);
    expect(Math.abs(sum / DRAWS - truth)).toBeLessThan(0.002 + 0.03 * truth);
  },
);
