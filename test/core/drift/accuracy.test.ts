import { describe, expect, it } from 'vitest';
import { estimateAccuracy } from '../../../core/drift/estimate-accuracy.ts';
import { findLabelAlarm } from '../../../core/drift/labels/find-alarm.ts';
import { judgeLabels, type LabelCohort } from '../../../core/drift/labels/judge-labels.ts';

const BINS = { edges: [0.6, 0.8], total: [1000, 1000, 2000], correct: [600, 700, 1900] };
const NO_GUARDS = { outOfRangeShare: 0, hasInputAlarm: false, hasLabelAlarm: false };

describe('accuracy without labels', () => {
  it('weighs the accuracy of each confidence bin by live predictions', () => {
    const estimate = estimateAccuracy(BINS, [500, 500, 0], NO_GUARDS);
    expect(estimate).toMatchObject({ kind: 'estimate', rows: 1000, reference: 0.8 });
    if (estimate.kind !== 'estimate') throw new Error('an estimate is given');
    expect(estimate.accuracy).toBeCloseTo(0.65, 12);
    const variance = (0.5 * 0.24 + 0.5 * 0.21) / 1000 + (0.25 * 0.24 + 0.25 * 0.21) / 1000;
    expect(estimate.interval.high - estimate.accuracy).toBeCloseTo(1.959963985 * Math.sqrt(variance), 8);
    expect(estimate.explanation).toContain('assumes that the same inputs still mean the same');
  });

  it('is not shown when what it assumes is known to be broken, or there is too little', () => {
    const codeOf = (counts: readonly number[], guards = {}) => {
      const estimate = estimateAccuracy(BINS, counts, { ...NO_GUARDS, ...guards });
      return estimate.kind === 'suppressed' ? estimate.code : 'shown';
    };
    expect(codeOf([500, 500, 500])).toBe('shown');
    expect(codeOf([500, 500, 500], { outOfRangeShare: 0.06 })).toBe('out-of-range');
    expect(codeOf([500, 500, 500], { outOfRangeShare: Number.NaN })).toBe('out-of-range');
    expect(codeOf([500, 500, 500], { hasInputAlarm: true })).toBe('input-alarm');
    expect(codeOf([500, 500, 500], { hasLabelAlarm: true })).toBe('label-alarm');
    expect(codeOf([10, 10, 10])).toBe('too-few-rows');
    expect(codeOf([0, 0, 0])).toBe('too-few-rows');
    expect(codeOf([500, 500])).toBe('bins-differ');
    expect(codeOf([500, Number.NaN, 500])).toBe('bins-differ');
    expect(estimateAccuracy(undefined, [], NO_GUARDS)).toMatchObject({ code: 'no-confidence-bins' });
    const withEmptyBin = { ...BINS, total: [0, 1000, 2000], correct: [0, 700, 1900] };
    expect(estimateAccuracy(withEmptyBin, [100, 500, 500], NO_GUARDS)).toMatchObject({
      code: 'unknown-confidence',
    });
  });
});

describe('labels that come later', () => {
  const options = {
    now: '2026-04-01T00:00:00Z',
    maturitySeconds: 7 * 86_400,
    falseAlarmSeconds: 365 * 86_400,
  };
  const cohort = (
    day: number,
    correct: readonly [number, number, number],
    labelled = [100, 100, 200],
  ): LabelCohort => ({
    from: new Date(Date.UTC(2026, 2, day)).toISOString(),
    to: new Date(Date.UTC(2026, 2, day + 1)).toISOString(),
    predicted: [100, 100, 200],
    labelled,
    correct: [...correct],
  });
  const days = (count: number, from: number, correct: readonly [number, number, number]) =>
    Array.from({ length: count }, (_, index) => cohort(from + index, correct));

  it('pass while the model is right as often as its confidence promises', () => {
    const judgement = judgeLabels(BINS, days(20, 1, [60, 70, 190]), options);
    expect(judgement).toMatchObject({ verdict: 'pass', labels: 8000, coverage: 1 });
    expect(judgement.accuracy).toBeCloseTo(0.8, 12);
    expect(judgement.expected).toBeCloseTo(0.8, 12);
  });

  it('fail when it is right less often, and say since when', () => {
    const judgement = judgeLabels(
      BINS,
      [...days(8, 1, [60, 70, 190]), ...days(6, 9, [45, 55, 165])],
      options,
    );
    expect(judgement.verdict).toBe('fail');
    expect(judgement.alarmSince).toBe('2026-03-09T00:00:00.000Z');
    expect(judgement.reasons[0]).toMatchObject({ code: 'labels-worse-than-promised' });
  });

  it('are held against a promise that is itself a sample', () => {
    const referenceOf = (scale: number) => ({
      ...BINS,
      total: BINS.total.map((rows) => rows * scale),
      correct: BINS.correct.map((rows) => rows * scale),
    });
    const fivePointsLess = days(22, 1, [56, 65, 179]);
    expect(judgeLabels(referenceOf(10), fivePointsLess, options).verdict).toBe('fail');
    expect(judgeLabels(referenceOf(0.1), fivePointsLess, options).verdict).toBe('pass');
  });

  it('are held against what few rows of a bin say of it alone, where live answers are less sure', () => {
    const rare = { edges: [0.6, 0.8], total: [4, 6, 290], correct: [4, 5, 287] };
    const live = [50, 30, 290];
    const lessSure = days(20, 1, [34, 24, 287]).map((one) => ({ ...one, predicted: live, labelled: live }));
    expect(judgeLabels(rare, lessSure, options).verdict).toBe('pass');
  });

  it('of a confidence that the reference never had say nothing', () => {
    const without = { ...BINS, total: [0, 1000, 2000], correct: [0, 700, 1900] };
    const all = judgeLabels(without, days(20, 1, [0, 70, 190]), options);
    expect(all).toMatchObject({ verdict: 'pass', labels: 8000 });
    const none = Array.from({ length: 20 }, (_, day) => cohort(day + 1, [0, 70, 190], [0, 100, 200]));
    expect(judgeLabels(BINS, none, options).accuracy).toBeCloseTo(260 / 300, 12);
  });

  it('may be wrong once in the time that is asked for, however many come in it', () => {
    const slightlyLess = days(9, 1, [58, 68, 184]);
    const verdicts = [86_400, 365 * 86_400].map(
      (falseAlarmSeconds) => judgeLabels(BINS, slightlyLess, { ...options, falseAlarmSeconds }).verdict,
    );
    expect(verdicts).toEqual(['fail', 'pass']);
  });

  it('wait until cohorts are mature', () => {
    const young = days(4, 27, [0, 0, 0]);
    expect(judgeLabels(BINS, young, options)).toMatchObject({
      verdict: 'inconclusive',
      reasons: [{ code: 'too-few-labels' }],
    });
  });

  it('of a day that is not over count as they are so far, where they are due at once', () => {
    const now = '2026-03-10T09:00:00Z';
    const begun = [...days(3, 7, [60, 70, 190]), cohort(10, [20, 30, 60])];
    const due = { ...options, now, maturitySeconds: 0 };
    expect(judgeLabels(BINS, begun, due)).toMatchObject({
      ...{ verdict: 'fail', labels: 1600, alarmSince: '2026-03-10T00:00:00.000Z' },
    });
    expect(judgeLabels(BINS, begun, { ...due, maturitySeconds: 1 })).toMatchObject({ labels: 1200 });
    // Of a host whose clock is ahead.
    expect(judgeLabels(BINS, [...begun, cohort(11, [20, 30, 60])], due)).toMatchObject({ labels: 1600 });
  });

  it('end a standing alarm by a day that is over, never by one that has only begun', () => {
    const worse = [...days(3, 1, [60, 70, 190]), ...days(7, 4, [45, 55, 165])];
    const alarmSince = '2026-03-04T00:00:00.000Z';
    const right = (labelled: [number, number, number]) => cohort(13, labelled, labelled);
    const judgeAt = (now: string, last: LabelCohort) =>
      judgeLabels(BINS, [...worse, ...days(2, 11, [60, 70, 190]), last], {
        ...options,
        now,
        maturitySeconds: 0,
      });
    const standing = { verdict: 'fail', alarmSince };
    expect(judgeAt('2026-03-13T00:05:00Z', right([0, 0, 1]))).toMatchObject(standing);
    expect(judgeAt('2026-03-13T23:00:00Z', right([100, 100, 200]))).toMatchObject(standing);
    expect(judgeAt('2026-03-14T00:00:00Z', right([100, 100, 200]))).toMatchObject({ verdict: 'pass' });
  });

  it('end it by evidence, not by a finished day of few labels, nor by one that is only less bad', () => {
    const worse = [...days(3, 1, [60, 70, 190]), ...days(7, 4, [45, 55, 165])];
    const judged = (later: readonly LabelCohort[]) =>
      judgeLabels(BINS, [...worse, ...later], { ...options, maturitySeconds: 0 }).verdict;
    expect(judged([cohort(11, [0, 0, 1], [0, 0, 1])])).toBe('fail');
    expect(judged(days(10, 11, [52, 61, 176]))).toBe('fail');
    expect(judged(days(2, 11, [60, 70, 190]))).toBe('fail');
    expect(judged(days(3, 11, [60, 70, 190]))).toBe('pass');
  });

  it('end one of which nothing was left when it began, as any other', () => {
    const sure = { edges: [], total: [10_000], correct: [10_000] };
    const labelled = Array.from({ length: 40 }, (_, day) => ({
      ...cohort(day + 1, [0, 0, 0]),
      ...{ labelled: [300], correct: [day === 20 ? 297 : 300] },
    }));
    const sinceAt = (count: number) =>
      findLabelAlarm(sure, labelled.slice(0, count), {
        ...{ tolerance: 0.01, averageRunLength: 1_000, now: '2027-01-01T00:00:00Z' },
      });
    expect([21, 40].map(sinceAt)).toEqual(['2026-03-21T00:00:00.000Z', undefined]);
  });

  it('do not end it by weekends on which the promise is kept, however many labels those have', () => {
    const week = [3, 10, 17, 24, 31, 38].flatMap((monday) => [
      ...days(5, monday, [45, 55, 165]),
      ...days(2, monday + 5, [60, 70, 190]),
    ]);
    const alarms = week.map(
      (_, day) => judgeLabels(BINS, week.slice(0, day + 1), { ...options, maturitySeconds: 0 }).alarmSince,
    );
    const found = alarms.findIndex((since) => since !== undefined);
    expect(found).toBeLessThan(7);
    expect(new Set(alarms.slice(found)).size).toBe(1);
  });

  it('end it by what is better than the promise allows, where the promise is as much too high as it may be', () => {
    const worse = days(20, 1, [53, 62, 178]);
    // Three points less often than promised, of which 300 rows allow four.
    const small = { ...BINS, total: [75, 75, 150], correct: [45, 52, 143] };
    const mended = [...worse, ...days(14, 21, [58, 67, 183])];
    const asked = { ...options, now: '2027-01-01T00:00:00Z' };
    const alarms = [worse.length, mended.length].map(
      (count) => judgeLabels(small, mended.slice(0, count), asked).verdict,
    );
    expect(alarms).toEqual(['fail', 'pass']);
  });

  it('weigh bins by their predictions when labels are fewer where the model is unsure', () => {
    const uneven = Array.from({ length: 10 }, (_, day) => cohort(day + 1, [6, 70, 190], [10, 100, 200]));
    const judgement = judgeLabels(BINS, uneven, options);
    expect(judgement.accuracy).toBeCloseTo(0.8, 12);
    expect(judgement.coverage).toBeCloseTo(310 / 400, 12);
  });

  it('tell of low coverage, and leave out cohorts that make no sense', () => {
    const sparse = Array.from({ length: 10 }, (_, day) => cohort(day + 1, [6, 7, 19], [10, 10, 20]));
    expect(judgeLabels(BINS, sparse, options).reasons.map(({ code }) => code)).toContain('low-coverage');
    const absurd = [cohort(1, [150, 70, 190]), { ...cohort(2, [60, 70, 190]), correct: [Number.NaN, 0, 0] }];
    expect(judgeLabels(BINS, absurd, options)).toMatchObject({ verdict: 'inconclusive', labels: 0 });
  });
});
