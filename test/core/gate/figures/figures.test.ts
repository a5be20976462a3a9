import { describe, expect, test } from 'vitest';
import { countConfusion } from '../../../../core/gate/figures/count-confusion.ts';
import { gatherCells } from '../../../../core/gate/figures/gather-cells.ts';
import { thinCurve, traceCurves } from '../../../../core/gate/figures/trace-curves.ts';
import { binConfidences } from '../../../../core/gate/metrics/calibration.ts';
import { evaluateMetric } from '../../../../core/gate/metrics/metric.ts';
import { findMetric } from '../../../../core/gate/metrics/metrics.ts';
import { type Predictions, sampleOf, sideOf } from '../../../../core/gate/predictions.ts';
import vectors from '../../../../measure/vectors/answers/figures.json' with { type: 'json' };
import { randomMulticlass, randomRegression } from '../samples.ts';

function predictionsOf({ labels, scores, predictions }: (typeof vectors)[number]): Predictions {
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: labels.map((_, row) => String(row)),
    labels: Float64Array.from(labels),
    predictions: Float64Array.from(predictions),
    scores: [Float64Array.from(scores)],
    groups: undefined,
    slices: {},
  };
}

const pointsOf = ({ x, y }: Parameters<typeof thinCurve>[0]) =>
  Array.from(x, (across, index) => [across, y[index]] as const);

const shownOf = (model: Predictions) => ({
  sample: sampleOf(model),
  models: [{ who: 'challenger', name: 'challenger', side: sideOf(model) }] as const,
});

describe.each(vectors.map((vector, index) => [index, vector] as const))(
  "scikit-learn's case %i",
  (_, vector) => {
    const model = predictionsOf(vector);
    const close = (value: number) => expect.closeTo(value, 10);

    test('has the same confusion matrix', () => {
      expect(countConfusion(shownOf(model)).models[0]?.confusion.counts).toEqual(vector.confusion);
    });

    test('has the same points of both curves, rows of the same score together', () => {
      const traced = traceCurves(Uint8Array.from(vector.labels), Float64Array.from(vector.scores));
      const [roc, precisionRecall] = [pointsOf(traced.roc), pointsOf(traced.precisionRecall)];
      expect(roc).toEqual(vector.roc.map((point) => point.map(close)));
      // scikit-learn leaves out what lies beyond full recall; those points all have it.
      const oracle = vector.precisionRecall.map((point) => point.map(close));
      expect(precisionRecall.slice(0, oracle.length)).toEqual(oracle);
      expect(precisionRecall.slice(oracle.length).every(([recall]) => recall === 1)).toBe(true);
      const measure = (name: string) => {
        const metric = findMetric(name, 'binary');
        return metric.ok && evaluateMetric(metric.value, sampleOf(model), sideOf(model));
      };
      expect(traced.rocArea).toBeCloseTo(Number(measure('roc-auc')), 12);
      expect(traced.averagePrecision).toBeCloseTo(Number(measure('average-precision')), 12);
    });

    test('has the same means in each bin of confidence', () => {
      const bins = binConfidences(sampleOf(model), sideOf(model));
      // A confidence on the edge of two bins is in the upper one with us, in the lower one with scikit-learn.
      if (vector.scores.some((score) => Number.isInteger(Math.round(score * 1e6) / 1e5))) return;
      expect(bins.map(({ accuracy }) => accuracy)).toEqual(vector.accuracy.map(close));
      expect(bins.map(({ confidence }) => confidence)).toEqual(vector.confidence.map(close));
    });
  },
);

describe('what is too much to show', () => {
  test('of many classes names the ten that are mistaken most often, and counts every row once', () => {
    const model = randomMulticlass(3000, 1000, 0.3, 'many');
    const { models, rest } = countConfusion(shownOf(model));
    const [counted] = models;
    expect(counted?.confusion.labels).toHaveLength(11);
    expect(counted?.confusion.labels.at(-1)).toBe('990 others');
    expect(rest).toContain('among the 990 others');
    expect(counted?.confusion.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(3000);
    const errors = (index: number): number =>
      [...model.labels.keys()].filter(
        (row) =>
          model.labels[row] !== model.predictions[row] &&
          (model.labels[row] === index || model.predictions[row] === index),
      ).length;
    const all = model.classes.map((_, index) => errors(index)).toSorted((a, b) => b - a);
    const named =
      counted?.confusion.labels.slice(0, 10).map((name) => errors(model.classes.indexOf(name))) ?? [];
    expect(named.toSorted((a, b) => b - a)).toEqual(all.slice(0, 10));
  });

  test('answers that are none of the classes have a column of their own', () => {
    const model = randomMulticlass(300, 3, 0.3, 'none');
    const foreign = model.predictions.map((answer, row) => (row % 10 === 0 ? -1 : answer));
    const { confusion } =
      countConfusion(shownOf({ ...model, isOpen: true, predictions: foreign })).models[0] ?? {};
    expect(confusion?.answers.at(-1)).toBe('(no class)');
    expect(confusion?.counts.reduce((sum, row) => sum + (row.at(-1) ?? 0), 0)).toBe(30);
  });

  test('a curve keeps its ends, and none of its points moves', () => {
    const x = Float64Array.from({ length: 50_000 }, (_, index) => index / 49_999);
    const y = x.map((_, index) => (index % 7) / 7);
    const points = pointsOf({ x, y });
    const thin = thinCurve({ x, y });
    expect(thin.length).toBeLessThanOrEqual(401);
    expect([thin[0], thin.at(-1)]).toEqual([points[0], points.at(-1)]);
    for (const [across, up] of thin) expect(up).toBe(points[Math.round(across * 49_999)]?.[1]);
  });

  test('a hundred thousand rows are at most 1,600 discs, each row in one', () => {
    const model = randomRegression(100_000, 3, 'rows');
    const cells = gatherCells(sampleOf(model), sideOf(model), [-3, 13]);
    expect(cells.length).toBeLessThanOrEqual(1600);
    expect(cells.reduce((sum, { rows }) => sum + rows, 0)).toBe(100_000);
  });
});
