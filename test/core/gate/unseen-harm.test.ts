import { describe, expect, test } from 'vitest';
import { compareModels } from '../../../core/gate/comparison/models.ts';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { findMetric } from '../../../core/gate/metrics/metrics.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { binaryModels, gateInput, randomRegression } from './samples.ts';

/** A binary model of `positives` in `rows`, with scores that rank well, and a little jitter of its own. */
function ranker(rows: number, positives: number, jitterSeed: string): Predictions {
  const [shared, own] = [randomStream('scores'), randomStream(jitterSeed)];
  const labels = Float64Array.from({ length: rows }, (_, row) => (row < positives ? 1 : 0));
  const positive = labels.map((label) => {
    const logit = (label === 1 ? 2.5 : -2.5) + 3 * (shared.uniform() - 0.5) + 0.01 * (own.uniform() - 0.5);
    return 1 / (1 + Math.exp(-logit));
  });
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: Array.from(labels, (_, row) => `row-${row}`),
    labels,
    predictions: positive.map((share) => (share > 0.5 ? 1 : 0)),
    scores: [positive.map((share) => 1 - share), positive],
    groups: undefined,
    slices: { all: new Array<string>(rows).fill('all') },
  };
}

function judge(rule: GateRule, rows: number, positives: number) {
  const models = { champion: ranker(rows, positives, 'a'), challenger: ranker(rows, positives, 'b') };
  return judgeGate(gateInput([rule], models)).checks[0];
}

const THREE = -Math.log(0.05);

describe('rows that no holdout shows', () => {
  test.each([
    // metric, rows, positives, margin: a model that fails on 3 rows in n of a class may look like this one.
    ['roc-auc', 3000, 12, 0.005],
    ['roc-auc', 5000, 30, 0.005],
    ['roc-auc', 4000, 400, 0.005],
    ['average-precision', 1000, 12, 0.02],
    ['log-loss', 1000, 500, 0.0015],
    ['log-loss', 2000, 1000, 0.0015],
    ['ece', 1000, 500, 0.004],
    ['brier', 500, 250, 0.005],
  ])('leave %s of %i rows with %i positives open at a margin of %f', (metric, rows, positives, margin) => {
    const compare = { kind: 'compare', metric, require: 'non-inferior', margin } as const;
    expect(judge(compare, rows, positives)?.verdict).toBe('inconclusive');
    const slices = { kind: 'slices', metric, column: 'all', policy: 'must-hold', margin } as const;
    expect(judge(slices, rows, positives)?.verdict).toBe('inconclusive');
  });

  test.each([
    ['roc-auc', 4000, 2000, 0.005],
    ['average-precision', 4000, 2000, 0.02],
    ['ece', 4000, 2000, 0.03],
    ['brier', 4000, 2000, 0.002],
    ['log-loss', 4000, 2000, 0.03],
  ])('let %s of %i rows with %i positives pass where they are enough', (metric, rows, positives, margin) => {
    const compare = { kind: 'compare', metric, require: 'non-inferior', margin } as const;
    expect(judge(compare, rows, positives)?.verdict).toBe('pass');
  });

  test.each([
    ['roc-auc', THREE / 40],
    ['average-precision', (THREE / 40) * Math.log(1 + 40 / THREE)],
    ['log-loss', (36.04365338911715 * THREE) / 1000],
    ['brier', THREE / 1000],
  ])('take from %s what a failing part of them costs', (name, harm) => {
    const pair = pairPredictions(ranker(1000, 40, 'a'), ranker(1000, 40, 'b'));
    const metric = findMetric(name, 'binary');
    if (!pair.ok || !metric.ok) throw new Error('nothing to compare');
    const compared = compareModels(metric.value, pair.value, { alpha: 0.05, seed: 's' });
    expect(compared.ok && compared.value.unseen).toBeCloseTo(harm, 12);
  });

  test('count by groups where rows belong together', () => {
    const grouped = (model: Predictions) => ({
      ...model,
      groups: model.ids.map((_, row) => `user-${row % 100}`),
    });
    const pair = pairPredictions(grouped(ranker(1000, 500, 'a')), grouped(ranker(1000, 500, 'b')));
    const metric = findMetric('brier', 'binary');
    if (!pair.ok || !metric.ok) throw new Error('nothing to compare');
    const compared = compareModels(metric.value, pair.value, { alpha: 0.05, seed: 's' });
    expect(compared.ok && compared.value.unseen).toBeCloseTo(THREE / 100, 12);
  });

  test.each(['mae', 'mse', 'rmse', 'r2', 'mape'])('leave %s of 200 rows open at a margin of 1%', (metric) => {
    const lifted = (seed: string) => {
      const model = randomRegression(200, 0.01, seed);
      return {
        ...model,
        labels: model.labels.map((label) => label + 1),
        predictions: model.predictions.map((value) => value + 1),
      };
    };
    const rule = { kind: 'compare', metric, require: 'non-inferior', margin: { relative: 0.01 } } as const;
    const champion = lifted('a');
    const challenger = { ...champion, predictions: champion.predictions.map((value) => value + 1e-9) };
    expect(judgeGate(gateInput([rule], { champion, challenger })).checks[0]?.verdict).toBe('inconclusive');
  });
});

describe('answers', () => {
  test.each([
    // No gains, so many losses: the exact bound of the losses is what a margin has to lie beyond.
    [0, 0.00299],
    [1, 0.00473],
    [2, 0.00628],
    [5, 0.01048],
  ])('with %i losses and no gain in 1,000 rows are bounded exactly', (losses, bound) => {
    const models = binaryModels({ both: 1000 - losses, onlyChampion: losses, onlyChallenger: 0, neither: 0 });
    const verdictAt = (margin: number) => {
      const rule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin } as const;
      return judgeGate(gateInput([rule], models)).checks[0]?.verdict;
    };
    expect(verdictAt(bound - 0.0001)).toBe('inconclusive');
    expect(verdictAt(bound + 0.0001)).toBe('pass');
  });

  test.each([
    ['recall', 3 / 100],
    ['balanced-accuracy', 3 / 200],
    ['precision', 1 - 100 / 103],
  ])('bound %s by what three more mistakes of one class cost', (metric, bound) => {
    const labels = Float64Array.from({ length: 400 }, (_, row) => (row < 100 ? 1 : 0));
    const model = { ...ranker(400, 100, 'a'), labels, predictions: labels };
    const [check] = judgeGate(
      gateInput([{ kind: 'compare', metric, require: 'non-inferior', margin: 0.01 }], {
        champion: model,
        challenger: model,
      }),
    ).checks;
    expect(check?.change?.interval.low).toBeLessThanOrEqual(-bound + 1e-12);
    expect(check?.change?.interval.low).toBeGreaterThan(-1.5 * bound);
  });
});
