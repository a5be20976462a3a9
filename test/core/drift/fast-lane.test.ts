import { describe, expect, it } from 'vitest';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../../core/drift/fast-lane.ts';
import type { ReferenceProfile } from '../../../core/drift/profile.ts';
import type { CaptureWindow } from '../../../core/drift/window.ts';
import { FIRST_DAY, profileOf, tenBins, windowOf } from './drift-data.ts';

const FIVE_MINUTES = 300_000;
const clean = { missing: 0, below: 0, above: 0, unseen: 0 };

/** Five minutes of 300 predictions, with this many rows of `amount` missing or out of range. */
function check(
  index: number,
  over: Partial<CaptureWindow> & { missing?: number; above?: number } = {},
): CaptureWindow {
  const { missing = 0, above = 0, ...rest } = over;
  return windowOf(0, {
    seq: index,
    n: 300,
    from: new Date(FIRST_DAY + index * FIVE_MINUTES).toISOString(),
    to: new Date(FIRST_DAY + (index + 1) * FIVE_MINUTES).toISOString(),
    features: {
      amount: { counts: tenBins(300), ...clean, missing, above },
      age: { counts: tenBins(300), ...clean },
    },
    prediction: { counts: [180, 120] },
    ...rest,
  });
}

const many = (count: number, from = 0, over = {}) =>
  Array.from({ length: count }, (_, index) => check(from + index, over));
const judge = (windows: readonly CaptureWindow[], until?: string) =>
  judgeFastLane(profileOf(), windows, {
    ...DEFAULT_FAST_LANE_OPTIONS,
    ...(until !== undefined && { until }),
  });

describe('the fast lane', () => {
  it('is quiet while every rate stays at the reference, and inconclusive without a row', () => {
    expect(judge(many(100))).toMatchObject({ verdict: 'pass', findings: [], detectors: 5, rows: 30_000 });
    expect(judge([])).toMatchObject({ verdict: 'inconclusive', findings: [] });
  });

  it('finds missing values within a few checks and says since when and how many', () => {
    const judgement = judge([...many(50), ...many(6, 50, { missing: 30 })]);
    expect(judgement.verdict).toBe('fail');
    expect(judgement.findings[0]).toMatchObject({
      code: 'missing-values',
      metric: 'amount',
      observed: 0.1,
      limit: 0.005,
    });
    expect(judgement.findings[0]?.message).toMatch(
      /^`amount` is missing in 10% of 1,\d00 predictions since 2026-03-01T04:/,
    );
  });

  it('finds values outside the range of training, and invalid answers', () => {
    const outside = judge(many(8, 0, { above: 30 }));
    expect(outside.findings.map(({ code }) => code)).toEqual(['out-of-range']);
    const invalid = judge(many(8, 0, { invalid: 30 }));
    expect(invalid.findings.map(({ code }) => code)).toEqual(['invalid-output']);
  });

  it('stands down once the rate is back', () => {
    expect(judge([...many(8, 0, { missing: 30 }), ...many(1, 8)]).verdict).toBe('pass');
  });

  it('finds a prediction that no longer changes', () => {
    const judgement = judge([...many(5), check(6, { prediction: { counts: [0, 300] } })]);
    expect(judgement.findings[0]).toMatchObject({ code: 'constant-prediction' });
    expect(judgement.findings[0]?.message).toContain('The last 300 predictions were all `yes`');
  });

  it('says since when a prediction no longer changes, over windows without any', () => {
    const stuck = { prediction: { counts: [0, 300] } };
    const silent = check(7, { n: 0, prediction: { counts: [0, 0] } });
    const judgement = judge([...many(5), ...many(2, 5, stuck), silent, ...many(3, 8, stuck)]);
    const since = new Date(FIRST_DAY + 5 * FIVE_MINUTES).toISOString();
    expect(judgement.findings[0]).toMatchObject({ code: 'constant-prediction', since, sampleSize: 1500 });
    expect(
      judge([...many(5, 0, stuck), check(5, { prediction: { counts: [300, 0] } })]).findings[0],
    ).toMatchObject({ sampleSize: 300 });
  });

  it('holds what clients wrote wrongly against nobody', () => {
    expect(judge(many(300, 0, { refused: 200 }))).toMatchObject({ verdict: 'pass', findings: [] });
  });

  it('finds an hour in which all were refused, and does not say that nobody asked', () => {
    const refused = many(14, 5, { n: 0, refused: 1000, features: {}, prediction: { counts: [0, 0] } });
    const [finding, ...others] = judge([...many(5), ...refused]).findings;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ code: 'only-refused', sampleSize: 14_000 });
    expect(finding?.message).toBe(
      'All 14,000 requests in the last 1 h 10 min were refused, and none was answered. ' +
        "Compare what clients send with the model's signature.",
    );
  });

  it('finds days without any request', () => {
    const hoursLater = (hours: number) =>
      new Date(FIRST_DAY + 5 * FIVE_MINUTES + hours * 3_600_000).toISOString();
    expect(judge(many(5), hoursLater(73)).findings[0]).toMatchObject({ code: 'zero-traffic' });
    expect(judge(many(5), hoursLater(71)).findings).toEqual([]);
    expect(judge(many(5)).findings).toEqual([]);
  });

  it('leaves impossible counts out instead of believing them', () => {
    const impossible = many(8, 0, { missing: 900 });
    expect(judge(impossible).verdict).toBe('pass');
  });
});

describe('a small reference', () => {
  const rows = 300;
  const small = (over: object) => ({
    ...profileOf(),
    features: profileOf().features.map((feature) => ({ ...feature, counts: tenBins(rows), ...over })),
  });
  const judgeBy = (profile: ReferenceProfile, windows: readonly CaptureWindow[]) =>
    judgeFastLane(profile, windows, DEFAULT_FAST_LANE_OPTIONS).findings.map(({ code }) => code);

  it('is not held to what so few rows can’t tell, and to the rest', () => {
    for (const share of ['missing', 'above'] as const) {
      const code = share === 'missing' ? 'missing-values' : 'out-of-range';
      expect(judgeBy(small({}), many(200, 0, { [share]: 6 }))).toEqual([]);
      expect(judgeBy(small({}), many(8, 0, { [share]: 30 }))).toEqual([code]);
      expect(judgeBy(profileOf(), many(200, 0, { [share]: 6 }))).toEqual([code]);
    }
  });

  it('expects as many categories it never held as one of its rows holds alone', () => {
    const categories = { kind: 'categorical', categories: ['a'], rare: ['b'], counts: [200, 100, 0] };
    const unseen = (share: number) =>
      many(200, 0, {
        features: Object.fromEntries(
          ['amount', 'age'].map((name) => [
            name,
            { ...clean, counts: [200, 100 - share, share], unseen: share },
          ]),
        ),
      });
    const [few, lots] = [small({ ...categories, once: 2 }), small({ ...categories, once: 60 })];
    expect(judgeBy(lots, unseen(60))).toEqual([]);
    expect(judgeBy(few, unseen(60))).toEqual(['unseen-category', 'unseen-category']);
    expect(judgeBy(lots, unseen(120))).toEqual(['unseen-category', 'unseen-category']);
  });
});
