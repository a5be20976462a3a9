import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { type CaptureWindow, captureWindowSchema, mergeWindows } from '../../../core/drift/window.ts';
import { profileOf, windowOf } from './drift-data.ts';

const windows: fc.Arbitrary<CaptureWindow[]> = fc.array(
  fc
    .record({ day: fc.nat(4), host: fc.constantFrom('a', 'b', 'c'), n: fc.nat(50), hours: fc.nat(24) })
    .map(({ day, host, n, hours }) => {
      const from = windowOf(day).from;
      const to = new Date(Date.parse(from) + hours * 3_600_000).toISOString();
      return windowOf(day, { host, n: 10 * n, to });
    }),
  { maxLength: 12 },
);

describe('merging windows', () => {
  it('is associative, commutative and idempotent', () => {
    fc.assert(
      fc.property(windows, windows, windows, (a, b, c) => {
        const all = mergeWindows(a, b, c);
        expect(mergeWindows(mergeWindows(a, b), c)).toEqual(all);
        expect(mergeWindows(a, mergeWindows(b, c))).toEqual(all);
        expect(mergeWindows(c, b, a)).toEqual(all);
        expect(mergeWindows(all, all)).toEqual(all);
      }),
      { seed: 13 },
    );
  });

  it('judges the same whether hosts are merged first or all at once', () => {
    fc.assert(
      fc.property(windows, windows, (a, b) => {
        const merged = judgeDrift(profileOf(28), mergeWindows(a, b), DEFAULT_DRIFT_OPTIONS);
        const atOnce = judgeDrift(profileOf(28), [...b, ...a], DEFAULT_DRIFT_OPTIONS);
        expect(merged.features).toEqual(atOnce.features);
      }),
      { seed: 17, numRuns: 30 },
    );
  });

  it('keeps the later snapshot of a window', () => {
    const early = windowOf(0, { n: 100, to: windowOf(0).from });
    const late = windowOf(0, { n: 500 });
    expect(mergeWindows([late], [early])).toEqual([late]);
  });
});

describe('the window schema', () => {
  it('refuses what is no count or no time', () => {
    const window = windowOf(0);
    expect(captureWindowSchema.safeParse(window).success).toBe(true);
    for (const broken of [{ n: -1 }, { n: Number.NaN }, { n: 1.5 }, { from: 'today' }, { host: '' }]) {
      expect(captureWindowSchema.safeParse({ ...window, ...broken }).success).toBe(false);
    }
  });
});
