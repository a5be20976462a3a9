import { describe, expect, it } from 'vitest';
import { judgeLabels } from '../../../core/drift/labels/judge-labels.ts';
import { isRight, promiseOf, withoutPromise } from '../../../core/drift/labels/late-label.ts';
import { type ProfilePrediction, referenceProfileSchema } from '../../../core/drift/profile.ts';
import { profileOf } from './drift-data.ts';

function predictionOf(prediction: object): ProfilePrediction {
  return referenceProfileSchema.parse({ ...profileOf(), prediction }).prediction;
}

const classes = (more: object = {}) =>
  predictionOf({ kind: 'classes', classes: ['0', '1'], counts: [5, 5], ...more });
const oneBin = { edges: [], total: [1000], correct: [800] };
const numbers = predictionOf({
  ...{ kind: 'numeric', edges: [], counts: [1000] },
  ...{ confidence: oneBin, truth: { kind: 'number', within: 2.5 } },
});

describe('whether an answer is what a late label says', () => {
  const named = classes({ truth: { kind: 'name', labels: { legit: '0', fraud: '1', '7': '1' } } });

  it.each([
    ['fraud', '1', true],
    [' fraud ', '1', true],
    ['legit', '1', false],
    ['7.0', '1', true],
    ['1', '1', true],
    ['1.0', '1', true],
    ['frod', '1', undefined],
    ['', '1', undefined],
  ] as const)('label %j, answer %j: %j', (label, answer, expected) => {
    expect(isRight(label, answer, named)).toBe(expected);
  });

  it('takes an unknown name for wrong where the classes are not all there are', () => {
    const open = classes({ open: true, truth: { kind: 'name' } });
    expect(isRight('another', '1', open)).toBe(false);
    expect(isRight('another', 'another', open)).toBe(true);
  });

  it('compares names, as before, by the profile of a package that does not say how', () => {
    expect(isRight('1.0', '1', classes())).toBe(true);
    expect(isRight('a', 'b', undefined)).toBe(false);
  });

  it.each([
    ['news|sport', 'sport|news', true],
    ['news', 'sport|news', false],
    ['|', '', true],
    ['Nachrichten|sport', 'news|sport', true],
  ] as const)('of several classes, label %j, answer %j: %j', (label, answer, expected) => {
    const sets = classes({ open: true, truth: { kind: 'set', labels: { Nachrichten: 'news' } } });
    expect(isRight(label, answer, sets)).toBe(expected);
  });

  it.each([
    ['10', '12.5', true],
    ['10', '12.6', false],
    ['ten', '10', undefined],
    ['', '0', undefined],
    ['10', 'nan', false],
  ] as const)('of numbers, label %j, answer %j: %j', (label, answer, expected) => {
    expect(isRight(label, answer, numbers)).toBe(expected);
  });
});

describe('what a profile promises of late labels', () => {
  const cohorts = (correct: number) =>
    Array.from({ length: 20 }, (_, day) => ({
      from: `2026-03-${String(day + 1).padStart(2, '0')}T00:00:00Z`,
      to: `2026-03-${String(day + 1).padStart(2, '0')}T23:59:59Z`,
      ...{ predicted: [100], labelled: [100], correct: [correct] },
    }));
  const promise = promiseOf(numbers);
  if (promise === undefined) throw new Error('numbers promise how near they are');
  const judge = (correct: number) =>
    judgeLabels(promise.bins, cohorts(correct), {
      ...{ now: '2026-04-10T00:00:00Z', maturitySeconds: 86_400, falseAlarmSeconds: 365 * 86_400 },
      subject: promise.subject,
    });

  it('finds numbers that are off more often than on the holdout, and says what was promised', () => {
    expect(judge(80).verdict).toBe('pass');
    const judged = judge(60);
    expect(judged.verdict).toBe('fail');
    expect(judged.reasons[0]?.message).toMatch(
      /^The share of answers within 2\.5 of their label is 60% .*; the holdout promised 80%; it has been lower/,
    );
  });

  it('is nothing for a package that does not say when an answer is right, which is told', () => {
    expect(promiseOf(predictionOf({ kind: 'numeric', edges: [], counts: [10] }))).toBeUndefined();
    const told = withoutPromise([{ day: '2026-03-01', bin: -1, labelled: 40, correct: 3 }]);
    expect(told).toMatchObject({
      verdict: 'inconclusive',
      labels: 40,
      reasons: [{ code: 'labels-not-judged' }],
    });
    expect(told.reasons[0]?.message).toMatch(/^40 late labels came, and nothing is judged by them/);
  });
});
