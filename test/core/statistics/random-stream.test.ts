import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrap, bootstrapP } from '../../../core/statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

function countBelow(seed: string, bound: number, draws: number): number[] {
  const random = randomStream(seed);
  const counts = new Array<number>(bound).fill(0);
  for (let draw = 0; draw < draws; draw += 1) {
    const value = random.below(bound);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  return counts;
}

describe('a random stream', () => {
  test('gives the same numbers for the same seed and others for a seed that differs by one letter', () => {
    const first = (seed: string): number[] => Array.from({ length: 8 }, randomStream(seed).uniform);
    expect(first('sha256:ab')).toEqual(first('sha256:ab'));
    expect(first('sha256:ab')).not.toEqual(first('sha256:ac'));
    expect(first('')).not.toEqual(first('0'));
  });

  test('never changes between releases, because judgements are repeated from their seeds', () => {
    const random = randomStream('trainyard');
    expect(Array.from({ length: 4 }, () => random.below(1_000_000))).toMatchInlineSnapshot(`
      [
        17599,
        127757,
        741139,
        566675,
      ]
    `);
  });

  test('draws each whole number below the bound about equally often', () => {
    for (const seed of ['a', 'b', 'c']) {
      const counts = countBelow(seed, 10, 100_000);
      const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
      expect(chiSquare).toBeLessThan(33.7); // 9 degrees of freedom, p = 1e-4
    }
  });

  test('stays within its bounds whatever the seed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 4_294_967_296 }), (seed, bound) => {
        const random = randomStream(seed);
        for (let draw = 0; draw < 20; draw += 1) {
          const value = random.below(bound);
          if (!Number.isInteger(value) || value < 0 || value >= bound) return false;
          const uniform = random.uniform();
          if (!(uniform >= 0 && uniform < 1)) return false;
        }
        return true;
      }),
    );
  });
});

describe('the bootstrap', () => {
  const strata = [Uint32Array.of(0, 2, 4), Uint32Array.of(1, 3)];

  test('keeps the size of every stratum in every draw', () => {
    const sums: string[] = [];
    const sum = (weights: Uint32Array, rows: Uint32Array): number =>
      rows.reduce((total, row) => total + (weights[row] ?? 0), 0);
    const note = (weights: Uint32Array): number => sums.push(strata.map((rows) => sum(weights, rows)).join());
    bootstrap(note, { kind: 'rows', strata }, { rows: 5, resamples: 50, random: randomStream('s') });
    expect(new Set(sums)).toEqual(new Set(['3,2']));
  });

  test('draws the rows of a group together', () => {
    const together: boolean[] = [];
    const note = (weights: Uint32Array): number =>
      together.push(weights[0] === weights[2] && weights[2] === weights[4] && weights[1] === weights[3]);
    bootstrap(
      note,
      { kind: 'groups', groups: strata },
      { rows: 5, resamples: 50, random: randomStream('s') },
    );
    expect(together.every(Boolean)).toBe(true);
  });

  test('gives sorted values, draws without a value first, and repeats itself', () => {
    let calls = 0;
    const statistic = (weights: Uint32Array): number => {
      calls += 1;
      return calls % 7 === 0 ? Number.NaN : (weights[0] ?? 0);
    };
    const draw = (): Float64Array =>
      bootstrap(statistic, { kind: 'rows', strata }, { rows: 5, resamples: 21, random: randomStream('s') });
    const values = draw();
    expect([...values.slice(0, 3)]).toEqual([-Infinity, -Infinity, -Infinity]);
    expect([...values]).toEqual([...values].sort((a, b) => a - b));
    calls = 0;
    expect(draw()).toEqual(values);
  });

  test('has the spread that theory gives the mean', () => {
    const numbers = Float64Array.from({ length: 200 }, (_, index) => index % 10);
    const rows = Uint32Array.from(numbers.keys());
    const mean = (weights: Uint32Array): number =>
      numbers.reduce((sum, value, row) => sum + value * (weights[row] ?? 0), 0) / numbers.length;
    const request = { rows: 200, resamples: 4000, random: randomStream('spread') };
    const values = bootstrap(mean, { kind: 'rows', strata: [rows] }, request);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length,
    );
    const expected = Math.sqrt(8.25 / 200);
    expect(Math.abs(deviation / expected - 1)).toBeLessThan(0.04);
    expect(Math.abs(average - 4.5)).toBeLessThan((4 * expected) / Math.sqrt(4000));
  });

  test('never gives a p of 0', () => {
    expect(bootstrapP(Float64Array.of(1, 2, 3), 0)).toBe(0.25);
    expect(bootstrapP(Float64Array.of(1, 2, 3), 2)).toBe(0.75);
    expect(bootstrapP(Float64Array.of(-Infinity, 2, 3), 0)).toBe(0.5);
  });
});
