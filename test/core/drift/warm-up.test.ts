import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { profileOf, tenBins, windowOf } from './drift-data.ts';

const WITHOUT_DAYS = profileOf(0);
/** The share of all rows that moves from the first bin of ten to the last, and the index that is: 0.35, beyond `act`. */
const FAR = 0.095;
/** An index of 0.13: beyond `warn`, and short of `act`. */
const NEAR = 0.073;

/** Days of which these are moved, judged together as they are once the last is over. */
function judgeDays(moved: readonly number[]) {
  const windows = moved.map((share, day) => windowOf(day, { moved: share }));
  return judgeDrift(WITHOUT_DAYS, windows, DEFAULT_DRIFT_OPTIONS);
}

const quiet = (days: number) => Array.from({ length: days }, () => 0);
const moved = (days: number, share = FAR) => Array.from({ length: days }, () => share);

describe('a profile without days, whose usual days are learnt from live ones', () => {
  it.each([1, 2, 7, 13])('tells of a shift on the day after it began, on day %i', (day) => {
    expect(judgeDays([...quiet(day - 1), ...moved(1)])).toMatchObject({
      verdict: 'fail',
      severity: 'act',
      features: [{ name: 'amount', alarm: { kind: day === 1 ? 'skew' : 'drift' } }, {}, {}],
    });
  });

  it('says that usual days are not known yet, and what would tell them', () => {
    const [reason] = judgeDays([...quiet(6), ...moved(1)]).reasons;
    expect(reason?.message).toContain('usual days reach is not known yet (`data.holdout.time` would tell)');
  });

  it.each([
    [1, FAR],
    [7, FAR],
    [7, NEAR],
    [20, FAR],
    [20, NEAR],
  ])(
    'still tells of one that began on day %i and that nobody mends, every day for sixty days',
    (day, share) => {
      for (const days of [4, 8, 14, 15, 30, 60]) {
        const judgement = judgeDays([...quiet(day - 1), ...moved(days, share)]);
        expect([days, judgement.verdict]).toEqual([days, 'fail']);
      }
    },
  );

  it.each([0, 5, 10, 13])(
    'still tells of one whose days are by turns below and beyond `warn` when %i quiet days before it are left',
    (days) => {
      // Hosts drop old windows: the quiet days become fewer, and in the end there are none.
      for (let off = 3; off <= 35 - days; off += 1) {
        const byTurns = Array.from({ length: off }, (_, day) => (day % 2 === 0 ? NEAR : 0.06));
        expect([off, judgeDays([...quiet(days), ...byTurns]).verdict]).toEqual([off, 'fail']);
      }
    },
  );

  it('learns nothing as usual from days that are off, and goes on to learn when it is mended', () => {
    const amountAfter = (days: number) =>
      judgeDays([...quiet(6), ...moved(3), ...quiet(days)]).features.find(({ name }) => name === 'amount');
    expect(amountAfter(2)).toMatchObject({ isWarmingUp: true, verdict: 'fail' });
    expect(amountAfter(9)).toMatchObject({ isWarmingUp: true, verdict: 'inconclusive' });
    expect(amountAfter(10)).toMatchObject({ isWarmingUp: false, verdict: 'pass' });
    expect(amountAfter(10)?.usualReach).toBeLessThan(DEFAULT_DRIFT_OPTIONS.warn);
  });

  it('learns them from live ones, too, where the days of the profile have too few rows for any bin', () => {
    const profile = profileOf(28);
    const features = profile.features.map((feature) => ({
      ...feature,
      blocks: feature.blocks?.map(() => tenBins(10)) ?? [],
    }));
    const judgement = judgeDrift({ ...profile, features }, [windowOf(0)], DEFAULT_DRIFT_OPTIONS);
    const learning = judgement.features.filter(({ isWarmingUp }) => isWarmingUp).map(({ name }) => name);
    expect(learning.sort()).toEqual(['age', 'amount']);
  });

  it('tells nothing of usual days that stay below `warn`, while it learns them and afterwards', () => {
    for (const days of [3, 13, 14, 15, 40]) {
      const wandering = Array.from({ length: days }, (_, day) => 0.03 * Math.cos(day));
      expect(judgeDays(wandering).verdict).toBe(days < 14 ? 'inconclusive' : 'pass');
    }
  });
});
