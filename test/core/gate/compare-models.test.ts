import { describe, expect, test } from 'vitest';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { judgeCompare } from '../../../core/gate/judge/compare.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { SampleMetric } from '../../../core/gate/metrics/metric.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { binaryModels, gateInput, randomBinary, randomMulticlass, randomRegression } from './samples.ts';

const MODELS = binaryModels({ both: 4500, onlyChampion: 75, onlyChallenger: 90, neither: 335 });

describe('other tasks and metrics', () => {
  const cases: readonly (readonly [string, Parameters<typeof gateInput>[1]])[] = [
    [
      'accuracy',
      { champion: randomMulticlass(4000, 5, 0.2, 'a'), challenger: randomMulticlass(4000, 5, 0.1, 'b') },
    ],
    [
      'f1',
      { champion: randomMulticlass(4000, 5, 0.2, 'a'), challenger: randomMulticlass(4000, 5, 0.1, 'b') },
    ],
    [
      'log-loss',
      { champion: randomMulticlass(4000, 5, 0.2, 'a'), challenger: randomMulticlass(4000, 5, 0.1, 'b') },
    ],
    [
      'roc-auc',
      { champion: randomMulticlass(2000, 5, 0.2, 'a'), challenger: randomMulticlass(2000, 5, 0.1, 'b') },
    ],
    [
      'average-precision',
      { champion: randomMulticlass(2000, 3, 0.2, 'a'), challenger: randomMulticlass(2000, 3, 0.1, 'b') },
    ],
    ['roc-auc', { champion: randomBinary(4000, 0.2, 'a'), challenger: randomBinary(4000, 0.1, 'b') }],
    ['mcc', { champion: randomBinary(4000, 0.2, 'a'), challenger: randomBinary(4000, 0.1, 'b') }],
    ['brier', { champion: randomBinary(4000, 0.2, 'a'), challenger: randomBinary(4000, 0.1, 'b') }],
    ['ece', { champion: randomBinary(4000, 0.4, 'a'), challenger: randomBinary(4000, 0.2, 'b') }],
    ['rmse', { champion: randomRegression(2000, 2, 'a'), challenger: randomRegression(2000, 1, 'b') }],
    ['r2', { champion: randomRegression(2000, 2, 'a'), challenger: randomRegression(2000, 1, 'b') }],
    ['mae', { champion: randomRegression(2000, 2, 'a'), challenger: randomRegression(2000, 1, 'b') }],
  ];
  test.each(cases)('%s tells a much better challenger from a much worse one', (metric, models) => {
    const rule: GateRule = { kind: 'compare', metric, require: 'superior', margin: 0 };
    const there = judgeGate(gateInput([rule], models)).checks[0];
    expect(there?.verdict).toBe('pass');
    expect(there?.change?.estimate).toBeGreaterThan(0);
    const swapped = { champion: models.challenger, challenger: models.champion ?? models.challenger };
    expect(judgeGate(gateInput([rule], swapped)).checks[0]?.verdict).toBe('fail');
  });

  test('a margin relative to the champion is in the unit of the metric', () => {
    const models = { champion: randomRegression(2000, 2, 'a'), challenger: randomRegression(2000, 1, 'b') };
    const rule: GateRule = {
      kind: 'compare',
      metric: 'mae',
      require: 'non-inferior',
      margin: { relative: 0.01 },
    };
    const [check] = judgeGate(gateInput([rule], models)).checks;
    expect(check?.reasons[0]?.limit).toBeCloseTo(-0.01 * (check?.champion ?? 0), 12);
  });

  test("a user's own metric is judged by its values per row", () => {
    const withProfit = (model: ReturnType<typeof randomBinary>, gain: number) => ({
      ...model,
      rowMetrics: { profit: model.labels.map((_, row) => gain + (row % 5)) },
    });
    const champion = withProfit(randomBinary(400, 0.1, 'a'), 0);
    const challenger = withProfit(randomBinary(400, 0.1, 'a'), 0.5);
    const rules: GateRule[] = [
      { kind: 'floor', metric: 'profit', floor: 2.5 },
      { kind: 'compare', metric: 'profit', require: 'superior', margin: 0 },
    ];
    expect(
      judgeGate(gateInput(rules, { champion, challenger })).checks.map(({ verdict }) => verdict),
    ).toEqual(['pass', 'pass', 'pass']);
  });

  test('any metric of the whole sample is judged by the bootstrap', () => {
    /** What the answers cost: ten for each missed positive, one for each false alarm. */
    const cost: SampleMetric = {
      name: 'cost',
      method: 'bootstrap',
      direction: 'lower',
      unit: 'number',
      tasks: ['binary'],
      byAnswer: true,
      whyUndefined: () => undefined,
      prepare: (sample, side) => (weights) => {
        const costs = sample.labels.map((label, row) =>
          label === side.predictions[row] ? 0 : 1 + 9 * label,
        );
        return costs.reduce((sum, value, row) => sum + value * (weights[row] ?? 0), 0);
      },
    };
    const rule = { kind: 'compare', metric: 'cost', require: 'superior', margin: 0 } as const;
    const models = { champion: randomBinary(2000, 0.2, 'a'), challenger: randomBinary(2000, 0.1, 'b') };
    const pair = pairPredictions(models.champion, models.challenger);
    if (!pair.ok) throw new Error('no pair');
    const options = { alpha: 0.05, seed: 's', names: { challenger: 'v8' } };
    const check = judgeCompare({ rule, metric: cost }, pair.value, options);
    expect(check).toMatchObject({ verdict: 'pass', metric: 'cost' });
    expect(check.change?.estimate).toBe((check.champion ?? 0) - (check.challenger ?? 0));
    expect(judgeGate(gateInput([rule], models)).problems[0]?.code).toBe('unknown-metric');
  });

  test('a metric that the runs logged as one number can have a floor but not be compared', () => {
    const rules: GateRule[] = [
      { kind: 'floor', metric: 'auc_business', floor: 0.7 },
      { kind: 'compare', metric: 'auc_business', require: 'non-inferior', margin: 0.005 },
      { kind: 'mlflow', metric: 'auc_business', minAbsoluteChange: 0.01, greaterIsBetter: true },
    ];
    const userMetrics = { champion: { auc_business: 0.7 }, challenger: { auc_business: 0.75 } };
    const result = judgeGate(gateInput(rules, MODELS, { userMetrics }));
    expect(result.checks.map(({ verdict }) => verdict)).toEqual(['pass', 'inconclusive', 'pass']);
    expect(result.checks[1]?.reasons[0]?.code).toBe('no-rows-behind-metric');
    expect(result.checks.map(({ asLogged }) => asLogged)).toEqual([
      ['challenger'],
      undefined,
      ['champion', 'challenger'],
    ]);
  });
});

test('models that seldom disagree are not taken to agree: one lost row of sixty positives settles no margin of two points', () => {
  const models = binaryModels({ both: 100, onlyChampion: 1, onlyChallenger: 0, neither: 19 });
  for (const metric of ['recall', 'f1', 'mcc', 'balanced-accuracy', 'accuracy']) {
    const rule: GateRule = { kind: 'compare', metric, require: 'non-inferior', margin: 0.025 };
    expect(judgeGate(gateInput([rule], models)).checks[0]?.verdict, metric).toBe('inconclusive');
  }
});

describe('rows that belong together', () => {
  test('never narrow the bounds: rows that happen to even out within their group tell no more than single ones', () => {
    const models = binaryModels({ both: 300, onlyChampion: 20, onlyChallenger: 20, neither: 20 });
    // Each group holds one row that only the champion got right and one that only the challenger did.
    const evened = models.champion.ids.map((_, row) => `group-${row % 20}`);
    const grouped = {
      champion: { ...models.champion, groups: evened },
      challenger: { ...models.challenger, groups: evened },
    };
    for (const metric of ['accuracy', 'log-loss']) {
      const rule: GateRule = { kind: 'compare', metric, require: 'non-inferior', margin: 0.005 };
      const intervalOf = (pair: typeof models) =>
        judgeGate(gateInput([rule], pair)).checks[0]?.change?.interval;
      expect(intervalOf(grouped)?.low, metric).toBeLessThanOrEqual(intervalOf(models)?.low ?? Number.NaN);
      expect(intervalOf(grouped)?.high, metric).toBe(intervalOf(models)?.high);
    }
  });

  test('widen the bounds: ten copies of each row say no more than one', () => {
    const once = binaryModels({ both: 260, onlyChampion: 20, onlyChallenger: 12, neither: 8 });
    const copies = Array.from({ length: 10 }, (_, copy) => copy);
    const repeat = (model: typeof once.champion) => ({
      ...model,
      ids: copies.flatMap((copy) => model.ids.map((id) => `${id}/${copy}`)),
      groups: copies.flatMap(() => model.ids),
      labels: Float64Array.from(copies.flatMap(() => [...model.labels])),
      predictions: Float64Array.from(copies.flatMap(() => [...model.predictions])),
      scores: model.scores.map((column) => Float64Array.from(copies.flatMap(() => [...column]))),
      slices: {},
    });
    const grouped = { champion: repeat(once.champion), challenger: repeat(once.challenger) };
    const ungrouped = {
      champion: { ...grouped.champion, groups: undefined },
      challenger: { ...grouped.challenger, groups: undefined },
    };
    for (const metric of ['accuracy', 'f1', 'roc-auc', 'log-loss']) {
      const rule: GateRule = { kind: 'compare', metric, require: 'non-inferior', margin: 0.005 };
      const widthOf = (models: Parameters<typeof gateInput>[1]): number => {
        const interval = judgeGate(gateInput([rule], models)).checks[0]?.change?.interval;
        return (interval?.high ?? Number.NaN) - (interval?.low ?? Number.NaN);
      };
      expect(widthOf(grouped) / widthOf(once), metric).toBeGreaterThan(0.9);
      expect(widthOf(grouped) / widthOf(once), metric).toBeLessThan(1.1);
      expect(widthOf(ungrouped) / widthOf(once), metric).toBeLessThan(0.4);
    }
  });
});
