import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Task } from '../../../core/answers/contract.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { metricNames } from '../../../core/gate/metrics/metrics.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import { reportGate } from '../../../core/gate/report-gate.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { renderBlocks } from '../../../core/report/render-block.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import type { Report } from '../../../core/report/report.ts';
import {
  gateInput,
  randomBinary,
  randomMulticlass,
  randomMultilabel,
  randomQuantiles,
  randomRanking,
  randomRegression,
} from './samples.ts';

/** The report as its section of a pull request's comment shows it. */
function showSection(report: Report): string {
  return renderMarkdown(report, { kind: 'section', runUrl: 'http://run' });
}

/** Rules that anything would pass: what stops a pass here is only that the input is unfit. */
function easyRules(task: Task): GateRule[] {
  return metricNames(task).flatMap((metric): GateRule[] => [
    { kind: 'floor', metric, floor: -1e12, ceiling: 1e12 },
    { kind: 'compare', metric, require: 'non-inferior', margin: 1e12 },
  ]);
}

/** The tasks that metrics of ours judge. */
type MeasuredTask = Exclude<Task, 'open' | 'text'>;
const MODELS: Readonly<Record<MeasuredTask, Predictions>> = {
  binary: randomBinary(120, 0.2, 'a'),
  multiclass: randomMulticlass(120, 3, 0.2, 'a'),
  multilabel: randomMultilabel(120, 3, 0.2, 'a'),
  regression: randomRegression(120, 1, 'a'),
  quantiles: randomQuantiles(120, 1, 'a'),
  ranking: randomRanking(15, 0.5, 'a'),
};
const TASKS = ['binary', 'multiclass', 'multilabel', 'regression', 'quantiles', 'ranking'] as const;

function head(predictions: Predictions, rows: number): Predictions {
  return {
    ...predictions,
    ids: predictions.ids.slice(0, rows),
    labels: predictions.labels.slice(0, rows),
    predictions: predictions.predictions.slice(0, rows),
    scores: predictions.scores.map((column) => column.slice(0, rows)),
    truths: (predictions.truths ?? []).map((column) => column.slice(0, rows)),
    parts: (predictions.parts ?? []).map((column) => column.slice(0, rows)),
    ...(predictions.groups && { groups: predictions.groups.slice(0, rows) }),
    slices: {},
  };
}

describe.each(TASKS)('%s: nothing passes and nothing crashes', (task) => {
  const model = MODELS[task];
  const broken: readonly (readonly [string, Predictions])[] = [
    ['without rows', head(model, 0)],
    ['with one row', head(model, 1)],
    ['with two rows', head(model, 2)],
    ['with one row too few', head(model, 29)],
    ['with every id the same', { ...model, ids: model.ids.map(() => 'same') }],
    ['with labels that are NaN', { ...model, labels: model.labels.map(() => Number.NaN) }],
    ['with answers that are infinite', { ...model, predictions: model.predictions.map(() => Infinity) }],
    ['with a list cut short', { ...model, labels: model.labels.slice(1) }],
  ];

  test.each(broken)('%s', (_, bad) => {
    for (const models of [
      { champion: bad, challenger: bad },
      { champion: model, challenger: bad },
      { champion: bad, challenger: model },
      { challenger: bad },
    ]) {
      const result = judgeGate(gateInput(easyRules(task), models));
      expect(result.verdict).toBe('inconclusive');
      expect(
        result.problems.length + result.checks.filter(({ reasons }) => reasons.length > 0).length,
      ).toBeGreaterThan(0);
      expect(renderBlocks(reportGate(result).blocks)).toMatch(/^\*\*Not (judged|settled)\*\*/);
    }
  });

  test('each single rule says why it does not pass on one row, and what would settle it', () => {
    for (const rule of easyRules(task)) {
      const [check] = judgeGate(
        gateInput([rule], { champion: head(model, 1), challenger: head(model, 1) }),
      ).checks;
      expect(check).toMatchObject({
        verdict: 'inconclusive',
        reasons: [{ code: 'too-few-rows', sampleSize: 1 }],
      });
    }
  });
});

test('predictions for other examples than the champion are a named problem', () => {
  const champion = MODELS.binary;
  const result = judgeGate(
    gateInput(easyRules('binary'), {
      champion,
      challenger: { ...champion, ids: champion.ids.map((id) => `${id}!`) },
    }),
  );
  expect(result).toMatchObject({ verdict: 'inconclusive', problems: [{ code: 'different-examples' }] });
  expect(result.headline).toContain(
    'not run on the same examples: 120 only the champion has (such as "row-0"). 120 only the challenger has',
  );
});

test('with one class only, ranking metrics are inconclusive', () => {
  const model = { ...MODELS.binary, labels: MODELS.binary.labels.map(() => 1) };
  const verdicts = judgeGate(
    gateInput(easyRules('binary'), { champion: model, challenger: model }),
  ).checks.filter(({ metric }) => ['roc-auc', 'average-precision', 'mcc'].includes(metric));
  expect(verdicts).toHaveLength(6);
  for (const check of verdicts)
    expect(check).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'one-class-only' }] });
});

test('scores that are all ties are inconclusive', () => {
  const model = { ...MODELS.binary, scores: MODELS.binary.scores.map((column) => column.map(() => 0.5)) };
  for (const rule of easyRules('binary').filter((easy) => 'metric' in easy && easy.metric === 'roc-auc')) {
    const [check] = judgeGate(gateInput([rule], { champion: model, challenger: model })).checks;
    expect(check).toMatchObject({ verdict: 'inconclusive', reasons: [{ code: 'all-ties' }] });
  }
});

test('two models that no row tells apart still leave the doubt that so few rows leave', () => {
  for (const metric of ['f1', 'roc-auc', 'log-loss', 'accuracy']) {
    const rule: GateRule = {
      kind: 'compare',
      metric,
      require: 'non-inferior',
      margin: metric === 'log-loss' ? 0.03 : 0.005,
    };
    const verdictOf = (rows: number) => {
      const same = randomBinary(rows, 0.1, 'a');
      return judgeGate(gateInput([rule], { champion: same, challenger: same })).checks[0]?.verdict;
    };
    expect(verdictOf(100), metric).toBe('inconclusive');
    expect(verdictOf(4000), metric).toBe('pass');
  }
});

/** Any predictions at all: sizes, values and columns without regard for each other. */
const anyNumber = fc.oneof(
  fc.constantFrom(0, 1, 2, -1, 0.5, Number.NaN, Infinity, -Infinity, 1e308, -0),
  fc.double(),
);
const anyNumbers = fc.array(anyNumber, { maxLength: 45 }).map((values) => Float64Array.from(values));
const anyPredictions: fc.Arbitrary<Predictions> = fc.record({
  task: fc.constantFrom(...TASKS),
  classes: fc.array(fc.string(), { maxLength: 3 }),
  ids: fc.array(fc.string(), { maxLength: 45 }),
  labels: anyNumbers,
  predictions: anyNumbers,
  scores: fc.array(anyNumbers, { maxLength: 3 }),
  groups: fc.option(fc.array(fc.string(), { maxLength: 45 }), { nil: undefined }),
  slices: fc.dictionary(fc.string(), fc.array(fc.string(), { maxLength: 45 }), { maxKeys: 2 }),
});

/** Well-formed but strange: few rows, few distinct values, extreme scores. */
const strangePredictions: fc.Arbitrary<Predictions> = fc.integer({ min: 1, max: 60 }).chain((rows) => {
  const list = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: rows, maxLength: rows });
  const classIndex = list(fc.integer({ min: 0, max: 1 })).map((values) => Float64Array.from(values));
  const score = list(fc.constantFrom(0, 1, 0.5, 1e-300)).map((values) => Float64Array.from(values));
  return fc.record({
    task: fc.constant('binary' as const),
    classes: fc.constant(['no', 'yes']),
    ids: fc.constant(Array.from({ length: rows }, (_, row) => `row-${row}`)),
    labels: classIndex,
    predictions: classIndex,
    scores: score.map((column) => [column.map((value) => 1 - value), column]),
    groups: fc.option(list(fc.constantFrom('u', 'v', 'w')), { nil: undefined }),
    slices: list(fc.constantFrom('a', 'b', '')).map((values) => ({ part: values })),
  });
});

function everyRule(task: Task): GateRule[] {
  return [
    ...easyRules(task),
    { kind: 'slices', metric: 'accuracy', column: 'part', policy: 'guard', margin: 0 },
    { kind: 'slices', metric: 'mae', column: 'part', policy: 'must-hold', margin: { relative: 0.1 } },
    { kind: 'fairness', metric: 'equalized-odds', column: 'part', limit: 0.1 },
    { kind: 'fairness', metric: 'demographic-parity', column: '', limit: 0 },
    { kind: 'mlflow', metric: 'accuracy', threshold: 0.5, minRelativeChange: 0.1, greaterIsBetter: true },
    { kind: 'signature' },
  ];
}

describe('whatever is thrown at it', () => {
  test('the gate gives a verdict, a sentence and reasons, and the report renders', () => {
    fc.assert(
      fc.property(anyPredictions, fc.option(anyPredictions, { nil: undefined }), (challenger, champion) => {
        const result = judgeGate(
          gateInput(
            everyRule(challenger.task),
            champion === undefined ? { challenger } : { challenger, champion },
          ),
        );
        expect(result.checks.filter(({ verdict }) => verdict === 'pass')).toEqual([]);
        expect(result.headline.length).toBeGreaterThan(10);
        for (const check of result.checks) expect(check.reasons.length).toBeGreaterThan(0);
        expect(showSection(reportGate(result)).length).toBeLessThanOrEqual(20_000);
      }),
      { numRuns: 200 },
    );
  });

  test('well-formed but strange rows never pass a comparison without thirty of them, and every number is finite', () => {
    fc.assert(
      fc.property(strangePredictions, (challenger) => {
        const champion = {
          ...challenger,
          predictions: challenger.predictions.map((value, row) => (row % 5 === 0 ? 1 - value : value)),
        };
        const rules = everyRule('binary').filter(
          (rule) =>
            rule.kind !== 'compare' || ['accuracy', 'log-loss', 'roc-auc', 'f1'].includes(rule.metric),
        );
        const result = judgeGate(gateInput(rules, { challenger, champion }));
        for (const check of result.checks) {
          if (check.verdict === 'inconclusive' && result.problems.length === 0)
            expect(check.toSettle, check.reasons[0]?.code).toBeTruthy();
          if (challenger.ids.length < 30 && check.rule.startsWith('compare'))
            expect(check.verdict).toBe('inconclusive');
          const { estimate, interval } = check.change ?? { estimate: 0, interval: { low: 0, high: 0 } };
          if (check.verdict === 'pass')
            expect([estimate, interval.low, interval.high].every(Number.isFinite)).toBe(true);
        }
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      }),
      { numRuns: 60 },
    );
  });
});

test('labels without a place are never right by being equal to answers without one', () => {
  const { labels, ...rest } = randomBinary(40, 0.2, 'a');
  const nowhere = labels.map(() => -1);
  const open = {
    ...rest,
    task: 'open',
    classes: [],
    scores: [],
    labels: nowhere,
    predictions: nowhere,
  } as const;
  const result = judgeGate(
    gateInput([{ kind: 'floor', metric: 'accuracy', floor: 0.9 }], { challenger: open }),
  );
  expect(result.verdict).not.toBe('pass');
  expect(result.problems.map(({ code }) => code)).toEqual(['unknown-class']);
});
