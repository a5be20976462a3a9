import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import type { FollowedDrift } from '../../../core/drift/follow-drift.ts';
import { goOnWithDrift, judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { lastWeeks } from '../../../core/drift/windows/last-weeks.ts';
import { profileOf, windowOf } from './drift-data.ts';

/** Quiet days, a shift that is mended, quiet days, and one that is not. */
const YEAR: readonly CaptureWindow[] = Array.from({ length: 120 }, (_, day) => {
  const isShifted = (day >= 30 && day < 40) || day >= 90;
  return windowOf(day, { moved: isShifted ? 0.08 : (day % 3) / 200 });
});
const OPTIONS = DEFAULT_DRIFT_OPTIONS;

describe.each([
  ['days of the profile', profileOf(28)],
  ['days learnt in service', profileOf(0)],
])('drift that is followed further, by %s', (_, profile) => {
  it('is what a replay of all finds, on each day', () => {
    let before: FollowedDrift | undefined;
    for (let days = 1; days <= YEAR.length; days += 1) {
      const kept = YEAR.slice(0, days);
      const { judgement, followed } = goOnWithDrift(profile, kept, OPTIONS, before);
      expect(judgement).toEqual(judgeDrift(profile, kept, OPTIONS));
      before = followed;
    }
    expect(judgeDrift(profile, YEAR, OPTIONS)).toMatchObject({
      verdict: 'fail',
      features: [{ name: 'amount', alarms: 2 }, {}, {}],
    });
  });

  it.each<[string, readonly CaptureWindow[]]>([
    ['a host tells of a day that is over', [...YEAR, windowOf(35, { host: 'serve-2', moved: 0.01 })]],
    ['the first days are gone', YEAR.slice(20)],
    ['fewer days are there than before', YEAR.slice(0, 60)],
  ])('is judged anew where %s', (_, windows) => {
    const { followed } = goOnWithDrift(profile, YEAR.slice(0, 100), OPTIONS);
    const { judgement } = goOnWithDrift(profile, windows, OPTIONS, followed);
    expect(judgement).toEqual(judgeDrift(profile, windows, OPTIONS));
  });

  it('is judged anew where it was judged by something else', () => {
    const { followed } = goOnWithDrift(profile, YEAR, OPTIONS);
    const strict = { ...OPTIONS, tolerance: 0.04, warn: 0.5 };
    const { judgement } = goOnWithDrift(profile, YEAR, strict, followed);
    expect(judgement).toEqual(judgeDrift(profile, YEAR, strict));
    expect(judgement.severity).toBe('info');
  });
});

it('leaves the last five weeks of all windows, to the second', () => {
  const until = '2026-06-29T00:00:00Z';
  // The day that ends at the very beginning of the five weeks is none of theirs.
  expect(lastWeeks(YEAR, until).map(({ from }) => from)).toEqual(
    YEAR.map(({ from }) => from).filter((from) => from >= '2026-05-25'),
  );
});
