import { describe, expect, it } from 'vitest';
import { followShift, type StandingShift, startShift } from '../../../core/drift/standing/standing-shift.ts';
import { learnWobble, type UsualWobble } from '../../../core/drift/usual/usual-wobble.ts';
import { makeDraws } from '../../../measure/simulate/draws.ts';
import { profileOf, tenBins } from './drift-data.ts';

const DAY = 3_000;
/** Shares moved from the first bin of ten to the last: an index of about 0.1 and 0.35. */
const [NEAR, FAR] = [0.066, 0.095];
const FEATURE = { isOrdered: true, reference: tenBins(28 * DAY) };
const LIMITS = { feature: FEATURE, tolerance: 0.02, wobble: undefined, logThreshold: Math.log(365 * 21) };
const QUIET = { isOff: false, isBeyondWarn: false, isRaised: false };
const OFF = { ...QUIET, isOff: true };
const WARNED = { ...OFF, isBeyondWarn: true };

type Seen = { readonly moved: number; readonly rows?: number } & typeof QUIET;

/** Follows a shift of this size, first seen on three days, through more. */
function follow(moved: number, days: readonly Seen[], wobble?: UsualWobble): StandingShift | undefined {
  const shown: readonly Seen[] = [WARNED, WARNED].map((seen) => ({ ...seen, moved }));
  return [...shown, ...days].reduce<StandingShift | undefined>(
    (shift, { moved: share, rows = DAY, ...seen }) =>
      shift && followShift(shift, { ...seen, counts: tenBins(rows, share) }, { ...LIMITS, wobble }),
    startShift(tenBins(DAY, moved)),
  );
}

const times = (days: number, seen: Seen) => Array.from({ length: days }, () => seen);

describe('a shift that stands', () => {
  it.each([NEAR, FAR])(
    'of %d is over after three days that show no shift, and are none of its days',
    (moved) => {
      const after = (days: number) => follow(moved, times(days, { ...QUIET, moved: 0 }));
      expect([1, 2, 3].map((days) => after(days) === undefined)).toEqual([false, false, true]);
    },
  );

  it('does not end by a weekend on which it is not there, nor by many of them', () => {
    const week = [...times(5, { ...WARNED, moved: FAR }), ...times(2, { ...QUIET, moved: 0 })];
    expect(follow(FAR, Array.from({ length: 20 }, () => week).flat())).toBeDefined();
  });

  it.each([NEAR, FAR])('of %d does not end by days that only fail to show it', (moved) => {
    expect(follow(moved, times(200, { ...QUIET, moved }))).toBeDefined();
    expect(follow(moved, times(200, { ...QUIET, moved, rows: 50 }))).toBeDefined();
    expect(follow(moved, times(200, { ...QUIET, moved: 0.9 * moved }))).toBeDefined();
  });

  it('ends by days of few rows, once they are enough to show that it is gone', () => {
    const over = (days: number) => follow(NEAR, times(days, { ...QUIET, moved: 0, rows: 100 }));
    expect(over(3)).toBeDefined();
    expect(over(30)).toBeUndefined();
  });

  it('does not end by days that are off in another way; once those are beyond the warning level, they are what has to end', () => {
    const turned = times(10, { ...WARNED, isRaised: true, moved: -FAR });
    expect(follow(FAR, turned)).toMatchObject({ unremarkable: 0 });
    expect(follow(FAR, [...turned, ...times(3, { ...QUIET, moved: FAR / 2 })])).toBeUndefined();
    expect(follow(FAR, [...turned, ...times(9, { ...QUIET, moved: -FAR })])).toBeDefined();
  });

  it('takes no day after it for one of its own, however long it is mended by half', () => {
    const half = times(300, { ...OFF, moved: 0.03 });
    expect(follow(NEAR, half)).toBeDefined();
    expect(follow(NEAR, [...half, ...times(3, { ...QUIET, moved: 0 })])).toBeUndefined();
  });

  it('is taken for mended less often than is promised, where usual days wander, and is over within a week', () => {
    const draws = makeDraws('standing-shift');
    const even = tenBins(1).map(() => 0.1);
    /** A day whose rows lean to the last bins by so much. */
    const dayOf = (lean: number) => {
      const weights = even.map((share, bin) => share * Math.exp((lean * (bin - 4.5)) / 2.87));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return draws.multinomial(
        1_000,
        weights.map((weight) => weight / total),
      );
    };
    const wobble = learnWobble(
      Array.from({ length: 28 }, () => dayOf(0.1 * draws.normal())),
      FEATURE,
    );
    const limits = { ...LIMITS, wobble };
    // None of its days is held to show it: evidence alone keeps it.
    for (let run = 0; run < 10; run += 1) {
      let shift: StandingShift | undefined = startShift(dayOf(0.4));
      for (let day = 0; day < 100 && shift !== undefined; day += 1)
        shift = followShift(
          shift,
          { ...(day < 10 ? WARNED : QUIET), counts: dayOf(0.4 + 0.1 * draws.normal()) },
          limits,
        );
      expect(shift).toBeDefined();
      for (let day = 0; day < 6 && shift !== undefined; day += 1)
        shift = followShift(shift, { ...QUIET, counts: dayOf(0.1 * draws.normal()) }, limits);
      expect(shift).toBeUndefined();
    }
  });

  it('knows usual days of a profile by what they held, not by where the shift is', () => {
    const wobble = learnWobble(profileOf(28).features[0]?.blocks ?? [], FEATURE);
    expect(follow(NEAR, times(3, { ...QUIET, moved: 0 }), wobble)).toBeUndefined();
    expect(follow(NEAR, times(9, { ...QUIET, moved: NEAR }), wobble)).toBeDefined();
  });
});
