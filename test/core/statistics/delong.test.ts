import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { preparedAuc } from '../../../core/gate/metrics/ranking.ts';
import { compareAuc, compareMeanAuc } from '../../../core/statistics/intervals/delong.ts';
import { bootstrap } from '../../../core/statistics/random/paired-bootstrap.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';

describe('ROC comparison', () => {
  const rows = fc.array(
    fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
    { minLength: 6, maxLength: 60 },
  );

  test('counts every pair of a positive and a negative once, ties half', () => {
    fc.assert(
      fc.property(rows, (cases) => {
        const positive = cases.map(([label]) => (label ? 1 : 0));
        const scores = cases.map(([, score]) => score);
        const ups = cases.filter(([label]) => label);
        const downs = cases.filter(([label]) => !label);
        if (ups.length === 0 || downs.length === 0)
          return Number.isNaN(compareAuc(positive, scores, scores).aucA);
        const wins = ups.flatMap(([, up]) =>
          downs.map(([, down]) => (up > down ? 1 : up === down ? 0.5 : 0)),
        );
        const auc = wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
        return Math.abs(compareAuc(positive, scores, scores).aucA - auc) < 1e-12;
      }),
    );
  });

  test('is 0 with no error for a model against itself, and turns its sign when the models are swapped', () => {
    fc.assert(
      fc.property(rows, (cases) => {
        const positive = cases.map(([label]) => (label ? 1 : 0));
        if (
          positive.filter((label) => label === 1).length < 2 ||
          positive.filter((label) => label === 0).length < 2
        )
          return true;
        const a = cases.map(([, score]) => score);
        const b = cases.map(([, , score]) => score);
        const same = compareAuc(positive, a, a);
        const there = compareAuc(positive, a, b);
        const back = compareAuc(positive, b, a);
        return (
          same.difference === 0 &&
          same.standardError === 0 &&
          there.difference === -back.difference &&
          Math.abs(there.standardError - back.standardError) < 1e-12
        );
      }),
    );
  });
});

describe('the mean of the areas of each class against the rest', () => {
  const CLASSES = [0, 1, 2];
  const labels = Float64Array.from({ length: 400 }, (_, row) => (row % 20 === 0 ? 2 : row % 2));
  /** Scores that favour the label, rounded so that there are ties. */
  const scoresBy = (seed: string, favour: number) => {
    const random = randomStream(seed);
    return CLASSES.map((of) =>
      labels.map((label) => Math.round(20 * (random.uniform() + (label === of ? favour : 0))) / 20),
    );
  };
  const [a, b] = [scoresBy('a', 0.3), scoresBy('b', 0.35)];
  const weights = [0.2, 0.3, 0.5];
  const none = new Float64Array();
  const ranked = CLASSES.map((label) => ({
    label,
    weight: weights[label] ?? 0,
    scoresA: a[label] ?? none,
    scoresB: b[label] ?? none,
  }));
  const ours = compareMeanAuc(labels, ranked);

  test('is what each area alone gives', () => {
    const alone = ranked.map(({ label, scoresA, scoresB }) =>
      compareAuc(
        labels.map((one) => (one === label ? 1 : 0)),
        scoresA,
        scoresB,
      ),
    );
    const mean = (of: 'aucA' | 'aucB'): number =>
      alone.reduce((sum, area, label) => sum + (weights[label] ?? 0) * area[of], 0);
    expect(ours.aucA).toBeCloseTo(mean('aucA'), 12);
    expect(ours.aucB).toBeCloseTo(mean('aucB'), 12);
    expect(ours.difference).toBeCloseTo(mean('aucB') - mean('aucA'), 12);
  });

  test('varies as the bootstrap within the classes says', () => {
    const areas = (scores: readonly Float64Array[]) =>
      CLASSES.map((of) =>
        preparedAuc(
          Uint8Array.from(labels, (label) => (label === of ? 1 : 0)),
          scores[of] ?? none,
        ),
      );
    const [champion, challenger] = [areas(a), areas(b)];
    const difference = (drawn: Uint32Array): number =>
      CLASSES.reduce((sum, of) => {
        const gain = (challenger[of]?.(drawn) ?? 0) - (champion[of]?.(drawn) ?? 0);
        return sum + (weights[of] ?? 0) * gain;
      }, 0);
    const strata = CLASSES.map((of) => Uint32Array.from(labels.keys()).filter((row) => labels[row] === of));
    const request = { rows: labels.length, resamples: 4000, random: randomStream('draws') };
    const drawn = bootstrap(difference, { kind: 'rows', strata }, request);
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const spread = Math.sqrt(drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (drawn.length - 1));
    expect(ours.standardError / spread).toBeGreaterThan(0.95);
    expect(ours.standardError / spread).toBeLessThan(1.05);
  });
});
