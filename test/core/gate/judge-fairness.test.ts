import { describe, expect, test } from 'vitest';
import type { Check } from '../../../core/gate/check.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import type { FairnessRule } from '../../../core/gate/rules/rule.ts';
import { gateInput } from './samples.ts';

/** Per group: rows, and the share answered yes among the rows labelled yes and no. */
type Group = { readonly rows: number; readonly yesOfYes: number; readonly yesOfNo: number };

function modelOf(
  groups: Readonly<Record<string, Group>>,
  owners?: (group: string, row: number) => string,
): Predictions {
  const rows = Object.entries(groups).flatMap(([group, { rows: count, yesOfYes, yesOfNo }]) =>
    Array.from({ length: count }, (_, row) => {
      const label = row % 2;
      const rank = (Math.floor(row / 2) + 0.5) / (count / 2);
      return {
        group,
        label,
        answer: rank < (label === 1 ? yesOfYes : yesOfNo) ? 1 : 0,
        owner: owners?.(group, row) ?? '',
      };
    }),
  );
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: rows.map((_, row) => `row-${row}`),
    labels: Float64Array.from(rows, ({ label }) => label),
    predictions: Float64Array.from(rows, ({ answer }) => answer),
    scores: [],
    groups: owners === undefined ? undefined : rows.map(({ owner }) => owner),
    slices: { sex: rows.map(({ group }) => group) },
  };
}

function judge(
  rule: Partial<FairnessRule>,
  challenger: Predictions,
  champion?: Predictions,
): Check | undefined {
  const whole: FairnessRule = {
    kind: 'fairness',
    metric: 'demographic-parity',
    column: 'sex',
    limit: 0.1,
    ...rule,
  };
  return judgeGate(gateInput([whole], champion === undefined ? { challenger } : { challenger, champion }))
    .checks[0];
}

const LARGE = { rows: 1000, yesOfYes: 0.8, yesOfNo: 0.2 };

describe('demographic parity', () => {
  test('holds between groups that are answered alike', () => {
    const check = judge({}, modelOf({ a: LARGE, b: LARGE, c: { ...LARGE, yesOfYes: 0.84 } }));
    expect(check).toMatchObject({
      verdict: 'pass',
      reasons: [{ code: 'gap-not-shown', observed: expect.closeTo(0.02, 5), sampleSize: 3000 }],
    });
    expect(check?.reasons[0]?.message).toContain('noise alone gives');
    expect(check?.groups).toMatchObject([
      { group: 'a', rate: 0.5, rows: 1000, judged: true },
      {},
      { group: 'c' },
    ]);
  });

  test('fails on a gap shown to be over the limit, and names the pair', () => {
    const check = judge({}, modelOf({ a: LARGE, b: { ...LARGE, yesOfYes: 0.4 } }));
    expect(check).toMatchObject({
      verdict: 'fail',
      reasons: [{ code: 'gap-over-limit', limit: 0.1, observed: expect.closeTo(0.2, 5) }],
    });
    expect(check?.reasons[0]?.message).toMatch(
      /answered yes 50\.0% in a against 30\.0% in b, at least 15\.8 pp apart/,
    );
  });

  test('does not fail on a gap that noise explains', () => {
    const small = (rows: number, share: number) => ({ rows, yesOfYes: share, yesOfNo: share });
    const noisy = modelOf({
      a: small(100, 0.22),
      b: small(100, 0.3),
      c: small(100, 0.36),
      d: small(100, 0.28),
    });
    expect(judge({}, noisy)?.verdict).toBe('pass');
  });

  test('is inconclusive when fewer than two groups are large enough', () => {
    const check = judge({}, modelOf({ a: LARGE, b: { rows: 20, yesOfYes: 0, yesOfNo: 0 } }));
    expect(check).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'no-groups-large-enough' }] });
    expect(check?.groups?.map(({ judged }) => judged)).toEqual([true, false]);
  });

  test("fails when the gap of the champion's worst pair has grown by more than two points", () => {
    const champion = modelOf({ a: LARGE, b: { ...LARGE, yesOfYes: 0.66 } });
    const challenger = modelOf({ a: LARGE, b: { ...LARGE, yesOfYes: 0.54 } });
    const check = judge({ limit: 0.2 }, challenger, champion);
    expect(check).toMatchObject({
      verdict: 'fail',
      reasons: [{ code: 'gap-grew', limit: 0.02, observed: expect.closeTo(0.06, 5) }],
    });
    expect(judge({ limit: 0.2 }, champion, challenger)?.verdict).toBe('pass');
    expect(judge({ limit: 0.2 }, challenger, challenger)?.verdict).toBe('pass');
  });

  test('counts users, not their rows: a gap between few users is not shown', () => {
    const groups = { a: LARGE, b: { ...LARGE, yesOfYes: 0.4 } };
    const owner = (group: string, row: number): string => `${group}-${Math.floor(row / 100)}`;
    expect(judge({}, modelOf(groups))?.verdict).toBe('fail');
    expect(judge({}, modelOf(groups, owner))?.verdict).toBe('pass');
  });
});

describe('equalized odds', () => {
  test('fails where the right answers differ though the answers as a whole do not', () => {
    const model = modelOf({ a: LARGE, b: { rows: 1000, yesOfYes: 0.5, yesOfNo: 0.5 } });
    expect(judge({}, model)?.verdict).toBe('pass');
    const check = judge({ metric: 'equalized-odds' }, model);
    expect(check?.verdict).toBe('fail');
    expect(check?.reasons.map(({ message }) => /answered yes, (rightly|wrongly)/.exec(message)?.[1])).toEqual(
      ['rightly', 'wrongly'],
    );
  });

  test('fails on a shown gap even where the other half of the rows is too few to judge', () => {
    const model = modelOf({ a: LARGE, b: { ...LARGE, yesOfYes: 0.4 } });
    const labels = model.labels.map((_, row) => (row % 50 === 0 ? 0 : 1));
    const check = judge({ metric: 'equalized-odds' }, { ...model, labels });
    expect(check?.reasons).toMatchObject([{ code: 'gap-over-limit' }]);
    expect(check?.verdict).toBe('fail');
  });

  test('passes where both hold', () => {
    expect(judge({ metric: 'equalized-odds' }, modelOf({ a: LARGE, b: LARGE }))?.verdict).toBe('pass');
  });
});

test('with more than two classes every answer is held against the rest', () => {
  const binary = modelOf({ a: LARGE, b: { ...LARGE, yesOfYes: 0.4 } });
  const check = judge({}, { ...binary, task: 'multiclass', classes: ['no', 'yes', 'maybe'] });
  expect(check?.verdict).toBe('fail');
  expect(new Set(check?.groups?.map(({ outcome }) => outcome))).toEqual(
    new Set(['answered no', 'answered yes', 'answered maybe']),
  );
});

test('a regression has no rates to compare', () => {
  const model = modelOf({ a: LARGE, b: LARGE });
  expect(judge({}, { ...model, task: 'regression', classes: [] })).toMatchObject({
    verdict: 'inconclusive',
    reasons: [{ code: 'metric-not-for-task' }],
  });
});
