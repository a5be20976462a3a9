import { describe, expect, it, test } from 'vitest';
import type { Task } from '../../../core/answers/contract.ts';
import { checkContract } from '../../../core/gate/check-contract.ts';
import { describeAnswers } from '../../../core/gate/describe-answers.ts';
import { joinAnswers } from '../../../core/gate/join-answers.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { evaluateMetric } from '../../../core/gate/metrics/metric.ts';
import { findMetric, isMetric, metricNames } from '../../../core/gate/metrics/metrics.ts';
import { type Predictions, sampleOf, sideOf } from '../../../core/gate/predictions.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import quantiles from '../../../measure/vectors/answers/quantiles.json' with { type: 'json' };
import rankings from '../../../measure/vectors/answers/ranking.json' with { type: 'json' };
import { expectClose } from '../statistics/close-to.ts';
import { gateInput, randomQuantiles, randomRanking } from './samples.ts';

const plain = { scores: [], slices: {} };

function ofRanking({ relevance, scores, queries }: (typeof rankings)[number]): Predictions {
  return {
    ...plain,
    task: 'ranking',
    classes: [],
    ids: relevance.map((_, row) => String(row)),
    labels: Float64Array.from(relevance),
    predictions: Float64Array.from(scores),
    groups: queries,
  };
}

function ofQuantiles({ levels, targets, predicted }: (typeof quantiles)[number]): Predictions {
  const parts = predicted.map((column) => Float64Array.from(column));
  return {
    ...plain,
    task: 'quantiles',
    classes: levels,
    ids: targets.map((_, row) => String(row)),
    labels: Float64Array.from(targets),
    predictions: parts[1] ?? new Float64Array(),
    parts,
    groups: undefined,
  };
}

function measure(name: string, predictions: Predictions, quantile?: number): unknown {
  const metric = findMetric(name, predictions.task, quantile === undefined ? {} : { quantile });
  return metric.ok
    ? evaluateMetric(metric.value, sampleOf(predictions), sideOf(predictions))
    : metric.error.code;
}

describe('metrics of rankings and of quantiles have scikit-learn’s values', () => {
  const cases = [
    ...rankings.map((vector) => ({ predictions: ofRanking(vector), values: Object.entries(vector.values) })),
    ...quantiles.map((vector) => ({
      predictions: ofQuantiles(vector),
      values: Object.entries(vector.values),
    })),
  ];
  for (const [index, { predictions, values }] of cases.entries()) {
    test.each(values)(`%s of ${predictions.task} case ${index}`, (name, value) => {
      expectClose(Number(measure(name, predictions)), value, name);
    });
  }
  for (const [index, vector] of quantiles.entries()) {
    test.each(vector.pinball)(`pinball of $quantile of case ${index}`, ({ quantile, value }) => {
      expectClose(Number(measure('pinball', ofQuantiles(vector), quantile)), value, 'pinball');
    });
  }

  test('each of them', () => {
    const measured = new Set(cases.flatMap(({ values }) => values.map(([name]) => name)));
    const names = [...metricNames('ranking'), ...metricNames('quantiles')];
    expect(names.filter((name) => !measured.has(name))).toEqual([]);
  });

  test('a number behind a name says how many rows from the top count, and no other name has one', () => {
    expect(['ndcg@10', 'NDCG_at_10', 'map@1', 'mrr@100'].map(isMetric)).toEqual([true, true, true, true]);
    expect(['ndcg@0', 'ndcg@', 'ndcg@-1', 'ndcg@1.5', 'f1@3', 'ndcg@10x'].map(isMetric)).toEqual(
      new Array<boolean>(6).fill(false),
    );
    const found = findMetric('ndcg_at_10', 'ranking');
    expect(found.ok && found.value.name).toBe('ndcg@10');
  });

  test('the mean pinball loss is over all quantiles, by whatever name, and never the median’s alone', () => {
    const [vector] = quantiles;
    if (vector === undefined) throw new Error('no vector');
    for (const name of ['mean-pinball', 'mean-pinball-loss', 'mean_pinball_loss']) {
      expectClose(Number(measure(name, ofQuantiles(vector))), vector.values['mean-pinball'], name);
      // Of one number nobody says here which quantile it is.
      expect(findMetric(name, 'regression')).toMatchObject({
        ok: false,
        error: { code: 'metric-not-for-task', remedy: expect.stringContaining('pinball') },
      });
    }
  });

  test('no other quantile than those predicted has a loss', () => {
    const [vector] = quantiles;
    expect(vector && measure('pinball', ofQuantiles(vector), 0.3)).toMatchObject({ code: 'quantile-absent' });
  });
});

function judge(metric: string, champion: Predictions, challenger: Predictions, margin: number) {
  const rules: readonly GateRule[] = [
    { kind: 'compare', metric, require: 'non-inferior', margin },
    { kind: 'floor', metric, floor: -10, ceiling: 10 },
  ];
  return judgeGate(gateInput(rules, { champion, challenger }));
}

describe('two models of a ranking', () => {
  test.each(['ndcg', 'ndcg@3', 'map', 'map@5', 'mrr', 'mrr@2'])(
    '%s: one as good passes, one that is worse fails, few queries leave it open',
    (metric) => {
      const good = randomRanking(600, 0.8, 'a');
      expect(judge(metric, good, randomRanking(600, 0.8, 'b'), 0.05).checks[0]?.verdict).toBe('pass');
      expect(judge(metric, good, randomRanking(600, 3, 'b'), 0.05).checks[0]?.verdict).toBe('fail');
      const few = randomRanking(40, 0.8, 'a');
      // Of 40 queries 3 may be of a kind that none of these is of.
      expect(judge(metric, few, few, 0.05).checks[0]?.verdict).toBe('inconclusive');
    },
  );

  test('queries without a relevant row are left out, and told', () => {
    const [vector] = rankings;
    if (vector === undefined) throw new Error('no vectors');
    const model = ofRanking(vector);
    const { checks } = judge('ndcg', model, model, 0.5);
    for (const { reasons } of checks) {
      expect(reasons[0]?.message).toContain(
        `; a mean over 40 queries; ${vector.leftOut} of 40 queries have no relevant row and are left out`,
      );
    }
  });

  test.each([
    ['ndcg', 1],
    ['ndcg@5', 1],
    ['map', 2],
    ['mrr', 2],
  ])('%s: queries that rank nothing are told, since they make models more alike', (metric, told) => {
    const model = randomRanking(40, 1, 'a');
    // Of the first query all rows are as relevant, of the second all are relevant, of the third none is.
    const labels = model.labels.map((one, row) => [1, one + 1, 0][Math.floor(row / 8)] ?? one);
    const { checks } = judge(metric, { ...model, labels }, { ...model, labels }, 0.5);
    for (const { reasons } of checks) {
      expect(reasons[0]?.message).toContain(
        `1 of 40 queries have no relevant row and are left out; ${told} of 40 queries have rows that are all as relevant, and count the same whatever a model says`,
      );
    }
  });

  test.each<[string, Partial<Predictions>, string]>([
    [
      'some rows are of no query',
      { groups: randomRanking(15, 1, 'a').groups?.map((name, row) => (row % 7 === 0 ? '' : name)) },
      'ranking-without-queries',
    ],
    ['nothing says which rows are of a query', { groups: undefined }, 'ranking-without-queries'],
    ['no row is relevant', { labels: new Float64Array(120) }, 'no-relevant-rows'],
    [
      'a relevance is no gain',
      { labels: randomRanking(15, 1, 'a').labels.map((one) => one - 1) },
      'negative-relevance',
    ],
  ])('are inconclusive where %s', (_, changed, code) => {
    const model = { ...randomRanking(15, 1, 'a'), ...changed };
    const { verdict, checks, problems } = judge('ndcg', model, model, 0.5);
    expect(verdict).toBe('inconclusive');
    expect([problems[0]?.code, checks[0]?.reasons[0]?.code]).toContain(code);
  });

  test('days are no queries, though they are groups of rows where nobody names any', () => {
    const held = {
      ...{ digest: '', ids: ['a', 'b'], slices: {}, groups: ['1', '1'] },
      truth: { names: ['0', '1'], numbers: Float64Array.of(0, 1) },
    };
    const answers = {
      ...{
        task: 'ranking' as const,
        classes: [],
        isClosed: true,
        contract: {},
        inferred: [],
        ids: ['a', 'b'],
      },
      ...{ predictions: Float64Array.of(1, 2), scores: [], rowMetrics: {}, holdoutDigest: '' },
    };
    const groupsOf = (note: object) => {
      const joined = joinAnswers(answers, { ...held, ...note }, 'challenger');
      return joined.ok ? joined.value.groups : joined.error;
    };
    expect(groupsOf({})).toEqual(['1', '1']);
    expect(groupsOf({ groupNote: 'Rows of one day are drawn together.' })).toBeUndefined();
  });

  test('a challenger that ranks nothing is not as good, however rows are ordered in the file', () => {
    const good = randomRanking(600, 0.3, 'a');
    const flat = { ...good, predictions: new Float64Array(good.labels.length) };
    for (const metric of ['ndcg', 'map', 'mrr']) {
      expect(judge(metric, good, flat, 0.05).checks[0]?.verdict, metric).toBe('fail');
    }
  });
});

describe('two models of quantiles', () => {
  const good = randomQuantiles(2000, 1, 'a');

  test('quantiles that single precision has rounded past each other have not crossed', () => {
    const near = Float64Array.of(0.3, 1000, -5, 2, 0);
    const past = Float64Array.of(
      0.1 + 0.2 - 1e-16,
      Math.fround(1000 - 1e-4),
      Math.fround(-5 - 4e-7),
      1.99,
      -0.001,
    );
    const model = { ...randomQuantiles(near.length, 1, 'a'), classes: ['0.1', '0.9'], parts: [near, past] };
    expect(measure('quantile-crossing', model)).toBe(2 / 5);
  });

  test.each(['mean-pinball', 'pinball', 'coverage', 'coverage-error', 'quantile-crossing'])(
    '%s: one as good passes, and so few rows leave it open',
    (metric) => {
      expect(judge(metric, good, randomQuantiles(2000, 1, 'b'), 0.06).checks[0]?.verdict).toBe('pass');
      const few = randomQuantiles(100, 1, 'a');
      expect(judge(metric, few, few, 0.01).checks[0]?.verdict).toBe('inconclusive');
    },
  );

  test('one that is worse fails by what it does worse', () => {
    const wide = {
      ...good,
      parts: (good.parts ?? []).map((part, place) => part.map((one) => one + 5 * (place - 1))),
    };
    expect(judge('mean-pinball', good, wide, 0.05).checks[0]?.verdict).toBe('fail');
    const narrow = { ...good, parts: (good.parts ?? []).map(() => good.predictions) };
    expect(judge('coverage-error', good, narrow, 0.05).checks[0]?.verdict).toBe('fail');
    const crossed = { ...good, parts: (good.parts ?? []).toReversed() };
    expect(judge('quantile-crossing', good, crossed, 0.05).checks[0]?.verdict).toBe('fail');
  });

  it('tell how many answers cross, and are held against the quantiles that are declared', () => {
    const contract = { task: 'quantiles', quantiles: [0.1, 0.5, 0.9] } as const;
    const answers = {
      ...{
        task: 'quantiles' as const,
        classes: ['0.1', '0.5', '0.9'],
        isClosed: true,
        contract,
        inferred: [],
      },
      ...{
        ids: ['a', 'b'],
        predictions: Float64Array.of(1, 2),
        scores: [],
        rowMetrics: {},
        holdoutDigest: '',
      },
      parts: [Float64Array.of(0, 3), Float64Array.of(1, 2), Float64Array.of(2, 4)],
    };
    expect(describeAnswers(answers)).toEqual([
      expect.stringContaining('1 of 2 answers have a higher quantile below'),
    ]);
    const check = (expected: readonly number[], classes = answers.classes) =>
      checkContract(
        { ...answers, classes },
        {
          expected: { task: 'quantiles', quantiles: expected },
          truth: { names: ['1', '2'], numbers: Float64Array.of(1, 2) },
          who: 'challenger',
        },
      ).map(({ code }) => code);
    expect(check([0.1, 0.5, 0.9])).toEqual([]);
    expect(check([0.05, 0.5, 0.95])).toEqual(['other-contract']);
    expect(check([0.1, 0.5, 0.9], ['0.9', '0.5', '0.1'])).toEqual(['other-contract']);
  });

  test.each<[string, Partial<Predictions>, string]>([
    ['a quantile has no column', { parts: (good.parts ?? []).slice(1) }, 'wrong-score-columns'],
    [
      'a quantile is no number',
      { parts: (good.parts ?? []).map((part) => part.map(() => Number.NaN)) },
      'not-finite-prediction',
    ],
  ])('are unfit where %s', (_, changed, code) => {
    const { verdict, problems } = judge('mean-pinball', good, { ...good, ...changed }, 1);
    expect([verdict, problems[0]?.code]).toEqual(['inconclusive', code]);
  });
});

test('what is of one task is judged of no other', () => {
  const tasks: readonly Task[] = ['binary', 'multiclass', 'multilabel', 'regression', 'quantiles', 'ranking'];
  for (const [name, own] of [
    ['ndcg@3', 'ranking'],
    ['mean-pinball', 'quantiles'],
    ['hamming-loss', 'multilabel'],
  ] as const) {
    expect(tasks.filter((task) => findMetric(name, task).ok)).toEqual([own]);
  }
});
