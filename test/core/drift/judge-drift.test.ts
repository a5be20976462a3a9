import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { hostIdOf } from '../../fixtures/host-id-of.ts';
import { profileOf, tenBins, windowOf } from './drift-data.ts';

const OPTIONS = DEFAULT_DRIFT_OPTIONS;
const quiet = (days: number, from = 0) => Array.from({ length: days }, (_, day) => windowOf(from + day));
const shifted = (days: number, from: number, moved = 0.08) =>
  Array.from({ length: days }, (_, day) => windowOf(from + day, { moved }));

describe('judging drift', () => {
  it('passes when live days look like the reference', () => {
    const judgement = judgeDrift(profileOf(28), quiet(20), OPTIONS);
    expect(judgement).toMatchObject({ verdict: 'pass', severity: 'info', batches: 20, problems: [] });
  });

  it('finds a shift within days, and says which feature, how far and which bins', () => {
    const judgement = judgeDrift(profileOf(28), [...quiet(10), ...shifted(3, 10)], OPTIONS);
    expect(judgement).toMatchObject({ verdict: 'fail', severity: 'warn' });
    expect(judgement.features[0]).toMatchObject({ name: 'amount', alarm: { kind: 'drift' } });
    expect(judgement.features.slice(1).every(({ verdict }) => verdict === 'pass')).toBe(true);
    expect(judgement.reasons[0]?.message).toMatch(
      /^feature `amount`: PSI 0\.\d\d \[0\.\d\d, 0\.\d\d\] over 2,000 requests on 13 Mar; usual days reach 0\.00; one false alarm in 365 d expected; bins that moved: .*> 9 from 10% to 18%/,
    );
  });

  it('stands down once three days are within tolerance again, and no sooner', () => {
    const quietFor = (days: number) =>
      judgeDrift(profileOf(28), [...quiet(5), ...shifted(3, 5), ...quiet(days, 8)], OPTIONS);
    expect([1, 2, 3].map((days) => quietFor(days).verdict)).toEqual(['fail', 'fail', 'pass']);
    expect(quietFor(0).reasons[0]?.message).not.toContain('not show it');
    expect(quietFor(1).reasons[0]?.message).toContain(
      'the last batch does not show it, which is too little to say that it is gone',
    );
    expect(quietFor(2).features[0]).toMatchObject({ name: 'amount', unseen: 2 });
  });

  it('tells of a shift near the warning level on each day, once one was beyond it', () => {
    const near = (days: number) => Array.from({ length: days }, (_, day) => (day % 2 === 0 ? 0.07 : 0.06));
    const windows = (days: number) => [
      ...quiet(10),
      ...near(days).map((moved, day) => windowOf(10 + day, { moved })),
    ];
    for (let days = 3; days <= 20; days += 1) {
      const { verdict, severity, features } = judgeDrift(profileOf(28), windows(days), OPTIONS);
      expect([days, verdict, severity]).toEqual([days, 'fail', 'warn']);
      expect(features[0]?.last?.index).toBeCloseTo(days % 2 === 0 ? 0.08 : 0.12, 1);
    }
    const over = judgeDrift(profileOf(28), [...windows(20), ...quiet(3, 30)], OPTIONS);
    expect(over.verdict).toBe('pass');
  });

  it('says nothing of a shift that was never beyond the warning level', () => {
    const judgement = judgeDrift(profileOf(28), [...quiet(10), ...shifted(20, 10, 0.055)], OPTIONS);
    expect(judgement).toMatchObject({ verdict: 'pass', severity: 'info' });
    expect(judgement.features[0]?.alarm).toMatchObject({ kind: 'drift' });
  });

  it('calls it skew when the first batch after deployment is off already', () => {
    const judgement = judgeDrift(profileOf(28), shifted(1, 0), OPTIONS);
    expect(judgement.features[0]).toMatchObject({ name: 'amount', alarm: { kind: 'skew' } });
    expect(judgement.explanation).toContain('from the first batch on');
  });

  it.each([
    ['of two names', 'serve-2'],
    ['of one name', 'serve-1'],
  ])('adds hosts %s up exactly and counts a window once however often it arrives', (_of, second) => {
    const two = quiet(14).flatMap((window) => [
      { ...window, hostId: hostIdOf('serve-1'), host: 'serve-1' },
      { ...window, hostId: hostIdOf('serve-2'), host: second },
    ]);
    const once = judgeDrift(profileOf(28), two, OPTIONS);
    expect(once.features[0]?.last?.rows).toBe(4000);
    expect(judgeDrift(profileOf(28), [...two, ...two].reverse(), OPTIONS)).toEqual(once);
  });

  it('ignores windows of other versions', () => {
    const other = shifted(5, 3).map((window) => ({ ...window, version: '8' }));
    expect(judgeDrift(profileOf(28), [...quiet(8), ...other], OPTIONS)).toMatchObject({
      verdict: 'pass',
      batches: 8,
    });
  });
});

describe('too little data', () => {
  it('is inconclusive before the first batch closes, with the rows so far', () => {
    const judgement = judgeDrift(profileOf(28), [windowOf(0, { n: 400 })], OPTIONS);
    expect(judgement.verdict).toBe('inconclusive');
    expect(judgement.reasons[0]).toMatchObject({ code: 'too-few-rows', observed: 400, limit: 900 });
    expect(judgeDrift(profileOf(28), [], OPTIONS).verdict).toBe('inconclusive');
  });

  it('joins thin days until they hold enough rows', () => {
    const thin = Array.from({ length: 9 }, (_, day) => windowOf(day, { n: 400 }));
    expect(judgeDrift(profileOf(28), thin, OPTIONS)).toMatchObject({ batches: 3, verdict: 'pass' });
  });

  it('leaves a cycle open until it is over', () => {
    const until = windowOf(1).from;
    expect(judgeDrift(profileOf(28), quiet(2), { ...OPTIONS, until }).batches).toBe(1);
  });

  it('is inconclusive while it learns the usual wobble of a profile without days, then judges', () => {
    expect(judgeDrift(profileOf(0), quiet(5), OPTIONS)).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'warming-up' }],
    });
    expect(judgeDrift(profileOf(0), quiet(16), OPTIONS).verdict).toBe('pass');
    expect(judgeDrift(profileOf(0), [...quiet(16), ...shifted(3, 16)], OPTIONS).verdict).toBe('fail');
    expect(judgeDrift(profileOf(0), shifted(1, 0), OPTIONS).features[0]?.alarm?.kind).toBe('skew');
  });
});

describe('unusable input', () => {
  it('names windows counted in other bins and leaves that feature out', () => {
    const strange = windowOf(1, {
      features: { amount: { counts: [1, 2], missing: 0, below: 0, above: 0, unseen: 0 } },
    });
    const judgement = judgeDrift(profileOf(28), [strange], OPTIONS);
    expect(judgement.problems.map(({ code }) => code)).toContain('bins-differ');
    expect(judgement.features.find(({ name }) => name === 'amount')?.verdict).toBe('inconclusive');
  });

  it('names counts that are no counts, and times that make no sense, and leaves those windows out', () => {
    const bad = [Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY].map((n, day) =>
      windowOf(day, { n: 1000, prediction: { counts: [n, 1] } }),
    );
    const late = windowOf(9, { to: windowOf(3).from });
    const judgement = judgeDrift(profileOf(28), [...bad, late], OPTIONS);
    expect(judgement).toMatchObject({ verdict: 'inconclusive', batches: 0 });
    expect(judgement.problems.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['not-a-count', 'window-times']),
    );
  });

  it('names a window whose later snapshot holds fewer rows', () => {
    const first = windowOf(0, { n: 5000 });
    const later = windowOf(0, { n: 3000, to: windowOf(1, {}).to });
    const judgement = judgeDrift(profileOf(28), [first, later], OPTIONS);
    expect(judgement.problems.map(({ code }) => code)).toEqual(['counts-shrank']);
  });

  it('warns of a small reference where it keeps a threshold from being told, and says how well one is known in any case', () => {
    const profile = profileOf(0);
    const judge = (rows: number, over = {}) => {
      const features = profile.features.map((feature) => ({ ...feature, counts: tenBins(rows) }));
      const prediction = { ...profile.prediction, counts: [0.6 * rows, 0.4 * rows] };
      return judgeDrift({ ...profile, features, prediction }, [], { ...OPTIONS, ...over });
    };
    expect(judge(1000).problems).toEqual([]);
    expect(judge(1000).noise).toEqual({ rows: 1000, atWarn: expect.closeTo(0.04, 2) });
    expect(judge(1000, { warn: 0.04 }).problems.map(({ message }) => message)).toEqual([
      'The reference profile holds 1,000 rows: by its own noise a shift of `monitor.drift.warn` (0.04) may look as small as the tolerance (0.02), and is not told then.',
    ]);
    expect(judge(300).problems.map(({ code }) => code)).toEqual(['small-reference']);
    expect(judge(50).problems[0]?.message).toContain(
      '`monitor.drift.warn` (0.1) and `monitor.drift.act` (0.25)',
    );
    expect(judge(0).problems.map(({ code }) => code)).toEqual(['small-reference']);
  });

  it('is never a pass and never a crash for a constant or empty reference', () => {
    const profile = profileOf(0);
    const empty = {
      ...profile,
      features: profile.features.map((feature) => ({ ...feature, counts: tenBins(0) })),
      prediction: { ...profile.prediction, counts: [0, 0] },
    };
    expect(judgeDrift(empty, quiet(20), OPTIONS).verdict).toBe('inconclusive');
  });
});
