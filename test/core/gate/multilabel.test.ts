import { describe, expect, it, test } from 'vitest';
import type { Answers } from '../../../core/gate/answers.ts';
import { checkContract } from '../../../core/gate/check-contract.ts';
import { compareModels } from '../../../core/gate/comparison/models.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';
import { joinAnswers } from '../../../core/gate/join-answers.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { evaluateMetric } from '../../../core/gate/metrics/metric.ts';
import { findMetric, metricNames } from '../../../core/gate/metrics/metrics.ts';
import { type Pair, type Predictions, sampleOf, sideOf } from '../../../core/gate/predictions.ts';
import vectors from '../../../measure/vectors/answers/multilabel.json' with { type: 'json' };
import { expectClose } from '../statistics/close-to.ts';
import { gateInput, randomMultilabel } from './samples.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
type Vector = (typeof vectors)[number];

const namesOf = ({ truths }: Vector): readonly string[] => truths.map((_, place) => `class-${place}`);

function held({ truths }: Vector, names: readonly string[]): HeldOut {
  const rows = truths[0] ?? [];
  const texts = rows.map(
    (_, row) => names.filter((_name, place) => truths[place]?.[row] === 1).join('|') || '|',
  );
  return {
    digest: DIGEST,
    ids: rows.map((_, row) => String(row)),
    truth: { names: texts, numbers: new Float64Array(rows.length).fill(Number.NaN) },
    groups: undefined,
    slices: {},
  };
}

function answersOf(vector: Vector, changed: Partial<Answers> = {}): Answers {
  const classes = namesOf(vector);
  const rows = vector.truths[0]?.length ?? 0;
  return {
    task: 'multilabel',
    classes,
    isClosed: true,
    contract: { task: 'multilabel', classes, scores: 'probabilities' },
    inferred: ['scores'],
    ids: Array.from({ length: rows }, (_, row) => String(row)),
    predictions: new Float64Array(rows),
    parts: vector.answers.map((column) => Float64Array.from(column)),
    scores: vector.scores.map((column) => Float64Array.from(column)),
    rowMetrics: {},
    holdoutDigest: DIGEST,
    ...changed,
  };
}

function joined(vector: Vector): Predictions {
  const result = joinAnswers(answersOf(vector), held(vector, namesOf(vector)), 'challenger');
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function measure(name: string, predictions: Predictions, ofClass?: string): number {
  const metric = findMetric(name, 'multilabel', ofClass === undefined ? {} : { class: ofClass });
  const value = metric.ok && evaluateMetric(metric.value, sampleOf(predictions), sideOf(predictions));
  return typeof value === 'number' ? value : Number.NaN;
}

describe('metrics of several classes a row have scikit-learn’s values', () => {
  for (const [index, vector] of vectors.entries()) {
    test.each(Object.entries(vector.values))(`%s of case ${index}`, (name, value) => {
      expectClose(measure(name, joined(vector)), value, name);
    });
    test.each(vector.ofClass)(
      `$metric of class $class of case ${index}`,
      ({ metric, class: place, value }) => {
        expectClose(measure(metric, joined(vector), `class-${place}`), value, metric);
      },
    );
  }

  test('each of them', () => {
    expect(metricNames('multilabel').toSorted()).toEqual(Object.keys(vectors[0]?.values ?? {}).toSorted());
  });

  test('one class alone has none where no row of the holdout has the class, or the model does not know it', () => {
    const [vector] = vectors;
    if (vector === undefined) throw new Error('no vectors');
    for (const ofClass of ['class-2', 'nowhere']) {
      const metric = findMetric('f1', 'multilabel', { class: ofClass });
      const predictions = joined(vector);
      expect(
        metric.ok && evaluateMetric(metric.value, sampleOf(predictions), sideOf(predictions)),
      ).toMatchObject({
        code: 'class-absent',
      });
    }
  });
});

describe('answers of several classes a row, beside what is true', () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error('no vectors');
  const codes = (answers: Answers, other: HeldOut) => {
    const result = joinAnswers(answers, other, 'challenger');
    return result.ok ? [] : result.error.map(({ code }) => code);
  };

  it('are read in any order of rows and names', () => {
    const reversed = [...(held(vector, namesOf(vector)).ids ?? [])].reverse();
    const back = (column: Float64Array) => column.toReversed();
    const answers = answersOf(vector, {
      ids: reversed,
      parts: (answersOf(vector).parts ?? []).map(back),
      scores: answersOf(vector).scores.map(back),
    });
    const { truth, ...rest } = held(vector, namesOf(vector));
    const names = truth.names.map((text) => (text === '|' ? text : text.split('|').reverse().join(' | ')));
    const result = joinAnswers(answers, { ...rest, truth: { ...truth, names } }, 'challenger');
    expect(result).toEqual({ ok: true, value: joined(vector) });
  });

  it('are no answers where an example has a class that nobody lists', () => {
    const { truth, ...rest } = held(vector, namesOf(vector));
    const names = truth.names.map((text, row) => (row < 2 ? `${text}|music` : text));
    expect(codes(answersOf(vector), { ...rest, truth: { ...truth, names } })).toEqual(['labels-unknown']);
  });

  it('are held against the classes that the default branch lists, in their order', () => {
    const { truth } = held(vector, namesOf(vector));
    const classes = [...namesOf(vector)].reverse();
    const check = (answers: Answers) =>
      checkContract(answers, {
        expected: { task: 'multilabel', classes: namesOf(vector) },
        truth,
        who: 'challenger',
      }).map(({ code }) => code);
    expect(check(answersOf(vector))).toEqual([]);
    expect(check(answersOf(vector, { classes }))).toEqual(['other-contract']);
    expect(check(answersOf(vector, { classes, contract: { task: 'multilabel', classes } }))).toEqual([
      'other-contract',
    ]);
    expect(check(answersOf(vector, { isClosed: false }))).toEqual(['other-contract']);
  });

  it.each<[string, Partial<Predictions>, string]>([
    ['a class has no column', { parts: [] }, 'wrong-score-columns'],
    [
      'an answer is neither yes nor no',
      { parts: [0, 1, 2].map(() => new Float64Array(60).fill(0.5)) },
      'not-an-indicator',
    ],
    ['a column is cut short', { parts: [0, 1, 2].map(() => new Float64Array(59)) }, 'length-mismatch'],
  ])('are unfit where %s', (_, changed, code) => {
    const challenger = { ...joined(vector), ...changed };
    const rules = [{ kind: 'floor', metric: 'f1', floor: 0 } as const];
    const { verdict, problems } = judgeGate(gateInput(rules, { challenger }));
    expect([verdict, problems[0]?.code]).toEqual(['inconclusive', code]);
  });
});

describe('two models of several classes a row', () => {
  const judge = (metric: string, champion: Predictions, challenger: Predictions, margin = 0.03) => {
    const rules = [{ kind: 'compare', metric, require: 'non-inferior', margin } as const];
    return judgeGate(gateInput(rules, { champion, challenger })).checks[0];
  };
  const good = randomMultilabel(3000, 3, 0.05, 'a');

  test.each(metricNames('multilabel'))('%s: one as good passes, and one that is worse fails', (metric) => {
    expect(judge(metric, good, randomMultilabel(3000, 3, 0.05, 'b'))?.verdict).toBe('pass');
    expect(judge(metric, good, randomMultilabel(3000, 3, 0.2, 'b'))?.verdict).toBe('fail');
  });

  test.each(metricNames('multilabel'))(
    '%s leaves open what so few rows can’t show of two that are alike',
    (metric) => {
      const few = randomMultilabel(200, 3, 0.05, 'a');
      expect(judge(metric, few, few, 0.003)?.verdict).toBe('inconclusive');
    },
  );

  test('a rare class that three rows in n may fail on costs the mean over classes what it can', () => {
    const rare = { ...good, truths: [...(good.truths ?? [])] };
    const third = new Float64Array(3000);
    third.fill(1, 0, 12);
    const model: Predictions = {
      ...rare,
      truths: [...rare.truths.slice(0, 2), third],
      parts: [...(good.parts ?? []).slice(0, 2), third],
    };
    const metric = findMetric('f1', 'multilabel');
    const pair: Pair = { sample: sampleOf(model), champion: sideOf(model), challenger: sideOf(model) };
    if (!metric.ok) throw new Error(metric.error.message);
    const compared = compareModels(metric.value, pair, { alpha: 0.05, seed: 's' });
    // Of 12 rows 3 missed: F1 falls from 1 to 2 * 9 / 21, a third of which is the macro mean's.
    const missed = -Math.log(0.05);
    const cost = (1 - (2 * (12 - missed)) / (24 - missed)) / 3;
    expect(compared.ok && compared.value.unseen).toBeGreaterThanOrEqual(cost);
  });

  test('rows of one user stand and fall together', () => {
    const groups = Array.from({ length: 3000 }, (_, row) => `user-${row % 12}`);
    const model = { ...good, groups };
    expect(judge('f1', model, { ...randomMultilabel(3000, 3, 0.05, 'b'), groups }, 0.05)?.verdict).toBe(
      'inconclusive',
    );
  });
});
