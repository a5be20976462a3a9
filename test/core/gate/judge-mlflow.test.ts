import { expect, test } from 'vitest';
import { judgeMlflow } from '../../../core/gate/judge/mlflow.ts';
import type { MlflowRule } from '../../../core/gate/rules/rule.ts';
import vectors from '../../../measure/vectors/answers/mlflow-thresholds.json' with { type: 'json' };

function ruleOf(vector: (typeof vectors)[number]): MlflowRule {
  const { threshold, min_absolute_change: absolute, min_relative_change: relative } = vector.condition;
  return {
    kind: 'mlflow',
    metric: 'metric',
    greaterIsBetter: vector.greaterIsBetter,
    ...(threshold === undefined ? {} : { threshold }),
    ...(absolute === undefined ? {} : { minAbsoluteChange: absolute }),
    ...(relative === undefined ? {} : { minRelativeChange: relative }),
  };
}

test(`agrees with MLflow itself in all ${vectors.length} cases`, () => {
  for (const vector of vectors) {
    const check = judgeMlflow(ruleOf(vector), vector.candidate ?? undefined, vector.baseline ?? undefined);
    expect(check.verdict, JSON.stringify(vector)).toBe(vector.passes ? 'pass' : 'fail');
  }
  expect(vectors.filter(({ passes }) => passes).length).toBeGreaterThan(100);
});

test('names every condition that is missed, with the value and the limit', () => {
  const rule: MlflowRule = {
    kind: 'mlflow',
    metric: 'f1_score',
    threshold: 0.9,
    minAbsoluteChange: 0.05,
    minRelativeChange: 0.1,
    greaterIsBetter: true,
  };
  expect(
    judgeMlflow(rule, 0.82, 0.8).reasons.map(({ code, observed, limit }) => [code, observed, limit]),
  ).toEqual([
    ['threshold-missed', 0.82, 0.9],
    ['absolute-change-missed', 0.82, 0.8500000000000001],
    ['relative-change-missed', expect.closeTo(0.025, 9), 0.1],
  ]);
});

test('a metric that is missing or NaN fails', () => {
  const rule: MlflowRule = { kind: 'mlflow', metric: 'loss', minRelativeChange: 0.1, greaterIsBetter: false };
  expect(judgeMlflow(rule, undefined, 1).reasons[0]?.code).toBe('missing-candidate');
  expect(judgeMlflow(rule, Number.NaN, 1).reasons[0]?.code).toBe('missing-candidate');
  expect(judgeMlflow(rule, 1, undefined).reasons[0]?.code).toBe('missing-baseline');
  expect(judgeMlflow(rule, 1, Number.NaN).verdict).toBe('fail');
});
