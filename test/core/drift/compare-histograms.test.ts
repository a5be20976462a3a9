import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareHistograms, tolerancePValue } from '../../../core/drift/compare-histograms.ts';
import { indexInterval, stabilityIndex } from '../../../core/drift/stability-index.ts';
import { learnWobble, wobblePValue } from '../../../core/drift/usual/usual-wobble.ts';

const REFERENCE = Array.from({ length: 10 }, () => 1000);
const WINDOW = [80, 90, 95, 100, 100, 105, 100, 105, 110, 115];

function compare(reference: readonly number[], window: readonly number[], isOrdered = true) {
  const comparison = compareHistograms(reference, window, { isOrdered });
  if (comparison === undefined) throw new Error('the histograms can be compared');
  return comparison;
}

describe('comparing a window with its reference', () => {
  it('gives the known values', () => {
    const comparison = compare(REFERENCE, WINDOW);
    expect(comparison.chiSquare).toBeCloseTo(8.2207722071, 9);
    expect(comparison.effectiveRows).toBeCloseTo(909.0909091, 6);
    expect(tolerancePValue(comparison, 0)).toBeCloseTo(0.5120600802, 9);
    expect(tolerancePValue(comparison, 0.02)).toBeCloseTo(0.9946167411, 9);
    expect(comparison.index.raw).toBeCloseTo(0.0092159694, 9);
    expect(comparison.index.debiased).toBeCloseTo(-0.0006866385, 9);
  });

  it('agrees with the textbook X² of a table of two samples', () => {
    const comparison = compare([100, 200, 300, 400], [30, 25, 25, 20]);
    expect(comparison.chiSquare).toBeCloseTo(42.1733821734, 9);
    expect(tolerancePValue(comparison, 0) / 3.6862093e-9).toBeCloseTo(1, 6);
  });

  it('is symmetric in the two samples', () => {
    const counts = fc.array(fc.nat(500), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(counts, counts, (left, right) => {
        const [forth, back] = [
          compareHistograms(left, right, { isOrdered: true }),
          compareHistograms(right, left, { isOrdered: true }),
        ];
        expect(forth?.chiSquare ?? 0).toBeCloseTo(back?.chiSquare ?? 0, 6);
        const [there, thence] = [stabilityIndex(left, right), stabilityIndex(right, left)];
        expect(there.raw).toBeCloseTo(thence.raw, 9);
        expect(there.debiased).toBeCloseTo(thence.debiased, 9);
      }),
      { seed: 5 },
    );
  });

  it('never crashes and never gives a probability outside 0 to 1, whatever the counts', () => {
    const counts = fc.array(fc.oneof(fc.nat(5), fc.nat(20_000)), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(counts, counts, fc.boolean(), (left, right, isOrdered) => {
        const comparison = compareHistograms(left, right, { isOrdered });
        if (comparison === undefined) return;
        for (const tolerance of [0, 0.02, 0.5]) {
          const p = tolerancePValue(comparison, tolerance);
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
        }
        const { low, high } = indexInterval(comparison.index, 0.95);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeGreaterThanOrEqual(low);
      }),
      { seed: 9, numRuns: 100 },
    );
  });

  it('can not be done when either side is empty, has one bin only, or has other bins', () => {
    expect(compareHistograms([0, 0], [5, 5], { isOrdered: true })).toBeUndefined();
    expect(compareHistograms([5, 5], [0, 0], { isOrdered: true })).toBeUndefined();
    expect(compareHistograms([500], [500], { isOrdered: true })).toBeUndefined();
    expect(compareHistograms([500, 0], [500, 0], { isOrdered: true })).toBeUndefined();
    expect(compareHistograms([500, 500], [1, 2, 3], { isOrdered: true })).toBeUndefined();
    expect(compareHistograms([Number.NaN, 5], [5, 5], { isOrdered: true })).toBeUndefined();
  });

  it('merges small bins with neighbours when ordered, with each other when not', () => {
    const reference = [1000, 2, 3, 1000, 4];
    const window = [1000, 1, 1, 1000, 2];
    expect(compare(reference, window, true).degreesOfFreedom).toBe(1);
    expect(compare(reference, window, false).degreesOfFreedom).toBe(2);
  });
});

describe('the usual wobble', () => {
  const wobbling = (days: number, size: number) =>
    Array.from({ length: days }, (_, day) => [
      500 + size * (day % 5) - 2 * size,
      500 - size * (day % 5) + 2 * size,
    ]);

  it('needs fourteen days, and excuses a window that moves as usual days do', () => {
    expect(learnWobble(wobbling(13, 20), { isOrdered: true })).toBeUndefined();
    const wobble = learnWobble(wobbling(28, 20), { isOrdered: true });
    if (wobble === undefined) throw new Error('28 days are enough');
    const pValueOf = (counts: readonly number[]) =>
      wobblePValue(compare([14_000, 14_000], counts), counts, wobble);
    expect(pValueOf([460, 540])).toBeGreaterThan(0.1);
    expect(pValueOf([250, 750])).toBeLessThan(1e-4);
  });

  it('finds one bin that leaves its usual share where the sum of all is as on usual days', () => {
    // The first two of four bins wander against each other; the others do not.
    const days = Array.from({ length: 28 }, (_, day) => {
      const wander = 40 * ((day * 11) % 7) - 120;
      return [250 + wander, 250 - wander, 250 + ((day * 5) % 9) - 4, 250 - ((day * 5) % 9) + 4];
    });
    const wobble = learnWobble(days, { isOrdered: true });
    if (wobble === undefined) throw new Error('28 days are enough');
    const pValueOf = (counts: readonly number[]) =>
      wobblePValue(compare([7_000, 7_000, 7_000, 7_000], counts), counts, wobble);
    expect(pValueOf([370, 130, 250, 250])).toBeGreaterThan(0.1);
    expect(pValueOf([250, 250, 130, 370])).toBeLessThan(1e-4);
  });

  it('takes days that were more even than chance makes them for lucky, and days of few rows for uneven', () => {
    const wobble = learnWobble(wobbling(28, 0), { isOrdered: true });
    if (wobble === undefined) throw new Error('28 days are enough');
    const pValueOf = (counts: readonly number[]) =>
      wobblePValue(compare([14_000, 14_000], counts), counts, wobble);
    expect(pValueOf([470, 530])).toBeGreaterThan(0.05);
    expect(pValueOf([40, 60])).toBeGreaterThan(0.05);
  });

  it('takes days of which each is like the one before for fewer than they are', () => {
    const pValueOf = (order: (day: number) => number) => {
      const days = Array.from({ length: 28 }, (_, day) => {
        const [wander, slow] = [40 * ((day * 11) % 7) - 120, order(day) - 14];
        return [250 + wander, 250 - wander, 250 + slow, 250 - slow];
      });
      const wobble = learnWobble(days, { isOrdered: true });
      if (wobble === undefined) throw new Error('28 days are enough');
      const counts = [250, 250, 130, 370];
      return wobblePValue(compare([7_000, 7_000, 7_000, 7_000], counts), counts, wobble);
    };
    expect(pValueOf((day) => (day * 11) % 28)).toBeLessThan(1e-4);
    expect(pValueOf((day) => day)).toBeGreaterThan(0.01);
  });

  it('is none where days differ by chance only', () => {
    const wobble = learnWobble(wobbling(28, 0), { isOrdered: true });
    expect(wobble?.mean).toBe(0);
    expect(wobble?.reach).toBe(0);
  });
});
