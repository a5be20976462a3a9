import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { binaryModels, gateInput } from './samples.ts';

const FLOOR: GateRule = { kind: 'floor', metric: 'accuracy', floor: 0.9 };
const NOT_WORSE: GateRule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.005 };
const BETTER: GateRule = { kind: 'compare', metric: 'accuracy', require: 'superior', margin: 0 };

const SLIGHTLY_BETTER = binaryModels({ both: 4500, onlyChampion: 75, onlyChallenger: 90, neither: 335 });
const CLEARLY_BETTER = binaryModels({ both: 4400, onlyChampion: 60, onlyChallenger: 190, neither: 350 });
const CLEARLY_WORSE = binaryModels({ both: 4400, onlyChampion: 190, onlyChallenger: 60, neither: 350 });
const SMALL = binaryModels({ both: 180, onlyChampion: 4, onlyChallenger: 5, neither: 11 });

describe('accuracy against the champion', () => {
  test('a challenger shown not worse passes, in one plain sentence', () => {
    const result = judgeGate(gateInput([FLOOR, NOT_WORSE], SLIGHTLY_BETTER));
    expect(result.verdict).toBe('pass');
    expect(result.headline).toBe(
      'Not worse: accuracy 91.8% (challenger v8) against 91.5% (champion v7) on the same 5\u2009000 examples; +0.3 pp, 95% sure of better than \u22120.13 pp (margin \u22120.5 pp).',
    );
  });

  test('a challenger shown better is called better', () => {
    const result = judgeGate(gateInput([NOT_WORSE, BETTER], CLEARLY_BETTER));
    expect(result.verdict).toBe('pass');
    expect(result.headline).toMatch(/^Better: /);
    expect(result.checks[1]?.reasons[0]?.code).toBe('superior');
  });

  test('a challenger shown worse fails, whatever else passes', () => {
    const result = judgeGate(gateInput([{ ...FLOOR, floor: 0.5 }, NOT_WORSE], CLEARLY_WORSE));
    expect(result.verdict).toBe('fail');
    expect(result.headline).toMatch(/^Worse: .* 95% sure of −2\.1 pp at best \(margin −0\.5 pp\)\.$/);
    expect(result.checks.map(({ verdict }) => verdict)).toEqual(['pass', 'fail']);
  });

  test('a margin that these rows cannot settle is inconclusive, with the rows that would', () => {
    const result = judgeGate(gateInput([NOT_WORSE], SMALL));
    expect(result.verdict).toBe('inconclusive');
    expect(result.headline).toMatch(/^Not settled: accuracy/);
    expect(result.toSettle).toEqual([
      'accuracy: these 200 examples resolve 4.1 pp; a margin of 0.5 pp needs about 13\u2009328 examples like these.',
    ]);
  });

  test('superiority that is asked for and not shown is inconclusive, and its opposite fails', () => {
    expect(judgeGate(gateInput([BETTER], SLIGHTLY_BETTER))).toMatchObject({ verdict: 'inconclusive' });
    expect(judgeGate(gateInput([BETTER], CLEARLY_WORSE))).toMatchObject({
      verdict: 'fail',
      checks: [{ reasons: [{ code: 'not-superior' }] }, {}],
    });
  });

  test('an improvement must be shown as large as it is asked for', () => {
    const by = (minImprovement: number) =>
      judgeGate(gateInput([{ ...BETTER, minImprovement }], CLEARLY_BETTER));
    expect(by(0.015).verdict).toBe('pass');
    expect(by(0.025).verdict).toBe('inconclusive');
    expect(by(0.05).verdict).toBe('fail');
  });
});

describe('the first model of a name', () => {
  const first = { challenger: SLIGHTLY_BETTER.challenger };

  test('passes on its floors, and comparisons say that there is no champion', () => {
    const slices: GateRule = {
      kind: 'slices',
      metric: 'accuracy',
      column: 'parity',
      policy: 'guard',
      margin: 0,
    };
    const result = judgeGate(gateInput([FLOOR, NOT_WORSE, slices], first));
    expect(result.verdict).toBe('pass');
    expect(result.checks.map(({ reasons }) => reasons[0]?.code)).toEqual([
      'within-limit',
      'no-champion',
      'no-champion',
    ]);
    expect(result.headline).toMatch(
      /^Passed: accuracy is 91\.8% \[91\.1%, 92\.4%\] on 5\u2009000 examples, within ≥ 90\.0%\.$/,
    );
  });

  test('is inconclusive without any floor, and says to add one', () => {
    const result = judgeGate(gateInput([NOT_WORSE], first));
    expect(result.verdict).toBe('inconclusive');
    expect(result.toSettle.join()).toContain('Add a floor');
  });

  test('fails under its floor, and its comparisons stay open', () => {
    const result = judgeGate(gateInput([{ ...FLOOR, floor: 0.95 }, NOT_WORSE], first));
    expect(result.verdict).toBe('fail');
    expect(result.checks.map(({ verdict }) => verdict)).toEqual(['fail', 'inconclusive']);
  });

  test('needs no champion for a threshold of MLflow', () => {
    const threshold: GateRule = {
      kind: 'mlflow',
      metric: 'accuracy_score',
      threshold: 0.9,
      minAbsoluteChange: 0.01,
      greaterIsBetter: true,
    };
    expect(judgeGate(gateInput([threshold, NOT_WORSE], first)).verdict).toBe('pass');
  });
});

describe('floors', () => {
  test('that are met exactly are met', () => {
    const models = binaryModels({ both: 90, onlyChampion: 0, onlyChallenger: 0, neither: 10 });
    const verdictOf = (rule: GateRule) =>
      judgeGate(gateInput([rule], { challenger: models.challenger })).verdict;
    expect(verdictOf({ kind: 'floor', metric: 'accuracy', floor: 0.9 })).toBe('pass');
    expect(verdictOf({ kind: 'floor', metric: 'accuracy', floor: 0.9000001 })).toBe('fail');
    expect(verdictOf({ kind: 'floor', metric: 'log-loss', ceiling: 1 })).toBe('pass');
    expect(verdictOf({ kind: 'floor', metric: 'log-loss', ceiling: 0.1 })).toBe('fail');
    expect(verdictOf({ kind: 'floor', metric: 'accuracy', floor: 0.5, ceiling: 0.8 })).toBe('fail');
  });
});

describe('the holdout', () => {
  test('makes superiority harder each time it is used', () => {
    const lowAfter = (gatesSoFar: number): number => {
      const result = judgeGate(gateInput([BETTER], CLEARLY_BETTER, { holdout: { digest: 'd', gatesSoFar } }));
      return result.checks[0]?.change?.interval.low ?? Number.NaN;
    };
    expect(lowAfter(0)).toBeGreaterThan(lowAfter(3));
    expect(lowAfter(3)).toBeGreaterThan(lowAfter(30));
    const f1: GateRule = { kind: 'compare', metric: 'f1', require: 'superior', margin: 0 };
    const worn = judgeGate(gateInput([f1], CLEARLY_BETTER, { holdout: { digest: 'd', gatesSoFar: 1000 } }));
    expect(worn.checks[0]?.change?.interval.low).toBeLessThan(lowAfter(30));
    expect(worn.checks[0]?.reasons[0]?.message).toContain('over 99.99% sure');
  });

  test('is asked to be replaced after fifty gates, without blocking', () => {
    const result = judgeGate(
      gateInput([FLOOR, NOT_WORSE], SLIGHTLY_BETTER, { holdout: { digest: 'd', gatesSoFar: 50 } }),
    );
    expect(result.verdict).toBe('pass');
    expect(result.checks.at(-1)?.reasons[0]).toMatchObject({ code: 'holdout-worn', observed: 50 });
    expect(result.toSettle.join()).toContain('Replace the holdout');
  });
});

describe('a judgement', () => {
  const rules: GateRule[] = [
    FLOOR,
    NOT_WORSE,
    { kind: 'compare', metric: 'f1', require: 'non-inferior', margin: 0.01 },
    { kind: 'slices', metric: 'mcc', column: 'parity', policy: 'guard', margin: 0.01 },
    { kind: 'fairness', metric: 'equalized-odds', column: 'parity', limit: 0.1 },
  ];

  test('repeats bit for bit from the same input, and only the bootstrap depends on the seed', () => {
    const input = gateInput(rules, SLIGHTLY_BETTER);
    expect(JSON.stringify(judgeGate(input))).toBe(JSON.stringify(judgeGate(input)));
    const other = judgeGate({ ...input, seed: 'other' });
    const first = judgeGate(input);
    expect(other.checks[1]).toEqual(first.checks[1]);
    expect(other.checks[2]?.change?.interval).not.toEqual(first.checks[2]?.change?.interval);
  });

  test('of one rule does not change when another rule is added', () => {
    const alone = judgeGate(gateInput(rules.slice(2, 3), SLIGHTLY_BETTER)).checks[0];
    expect(judgeGate(gateInput(rules, SLIGHTLY_BETTER)).checks[2]).toEqual(alone);
  });

  test('survives being written as JSON', () => {
    const result = judgeGate(gateInput(rules, SLIGHTLY_BETTER));
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

describe('rules that cannot be judged', () => {
  test('are a problem with a remedy, and never pass', () => {
    const cases: readonly (readonly [GateRule, string])[] = [
      [{ kind: 'floor', metric: 'acuracy', floor: 0.1 }, 'unknown-metric'],
      [{ kind: 'compare', metric: 'rmse', require: 'non-inferior', margin: 1 }, 'metric-not-for-task'],
      [{ kind: 'floor', metric: 'accuracy', floor: Number.NaN }, 'bad-rule'],
      [{ kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: -0.1 }, 'bad-rule'],
      [
        {
          kind: 'slices',
          metric: 'accuracy',
          column: 'parity',
          policy: 'guard',
          margin: { relative: Number.NaN },
        },
        'bad-rule',
      ],
      [{ kind: 'fairness', metric: 'demographic-parity', column: 'parity', limit: Infinity }, 'bad-rule'],
    ];
    for (const [rule, code] of cases) {
      const result = judgeGate(gateInput([FLOOR, rule], SLIGHTLY_BETTER));
      expect(result.verdict, code).toBe('inconclusive');
      expect(result.problems.map((problem) => problem.code)).toEqual([code]);
      expect(result.headline).toMatch(/^Not judged: /);
    }
  });

  test('no rules at all are inconclusive', () => {
    expect(judgeGate(gateInput([], SLIGHTLY_BETTER))).toMatchObject({
      verdict: 'inconclusive',
      problems: [{ code: 'no-rules' }],
    });
  });

  test('a column that is not there, or nothing measured, is inconclusive', () => {
    const rules: GateRule[] = [
      { kind: 'slices', metric: 'accuracy', column: 'city', policy: 'guard', margin: 0 },
      { kind: 'fairness', metric: 'demographic-parity', column: 'city', limit: 0.1 },
      { kind: 'latency', quantile: 0.95, atMostMs: 10 },
      { kind: 'size', atMostBytes: 10 },
    ];
    const result = judgeGate(gateInput([FLOOR, ...rules], SLIGHTLY_BETTER));
    expect(result.checks.slice(1).map(({ verdict, reasons }) => [verdict, reasons[0]?.code])).toEqual([
      ['inconclusive', 'unknown-column'],
      ['inconclusive', 'unknown-column'],
      ['inconclusive', 'not-measured'],
      ['inconclusive', 'not-measured'],
    ]);
  });
});
