import { describe, expect, it } from 'vitest';
import { contributionOf } from '../../../../core/drift/accuracy/contribution.ts';
import { makeDraws } from '../../../../measure/simulate/draws.ts';

const BINS = { reference: [500, 300, 200], right: [475, 270, 100] };

describe('what a shift alone takes off accuracy', () => {
  it('is what the reference would lose if its rows were spread as live ones are', () => {
    // 0.3 more rows of the bin that is right half of the time, taken from the one that is right in 95 of 100.
    const { change } = contributionOf(BINS, [200, 300, 500]) ?? { change: Number.NaN };
    expect(change).toBeCloseTo(0.3 * 0.5 - 0.3 * 0.95, 12);
    expect(contributionOf(BINS, [50, 30, 20])?.change).toBeCloseTo(0, 12);
    expect(contributionOf(BINS, [1000, 0, 0])?.change).toBeCloseTo(0.95 - 0.845, 12);
  });

  it('takes the accuracy of all for a bin that the reference never held', () => {
    const bins = { reference: [500, 300, 200, 0], right: [475, 270, 100, 0] };
    expect(contributionOf(bins, [0, 0, 0, 70])?.change).toBeCloseTo(0, 12);
  });

  it('is unknown without rows', () => {
    expect(contributionOf(BINS, [0, 0, 0])).toBeUndefined();
    expect(contributionOf({ reference: [0, 0], right: [0, 0] }, [1, 2])).toBeUndefined();
  });

  it('has the error that draws show', () => {
    const draws = makeDraws('contribution');
    const [shares, accuracy] = [
      [0.5, 0.3, 0.2],
      [0.95, 0.9, 0.5],
    ];
    const drawn = Array.from({ length: 2000 }, () => {
      const reference = draws.multinomial(1000, shares ?? []);
      const right = reference.map((rows, bin) => draws.multinomial(rows, [accuracy?.[bin] ?? 0, 1])[0] ?? 0);
      return contributionOf({ reference, right }, draws.multinomial(800, [0.3, 0.3, 0.4]));
    }).flatMap((one) => one ?? []);
    const mean = drawn.reduce((sum, { change }) => sum + change, 0) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, { change }) => sum + (change - mean) ** 2, 0) / drawn.length);
    const said = drawn.reduce((sum, { error }) => sum + error, 0) / drawn.length;
    expect(mean).toBeCloseTo(0.2 * (0.5 - 0.95), 2);
    expect(said / spread).toBeGreaterThan(0.95);
    expect(said / spread).toBeLessThan(1.05);
  });
});
