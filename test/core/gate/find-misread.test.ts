import { describe, expect, test } from 'vitest';
import { checkAnswers } from '../../../core/check/check-answers.ts';
import type { Answers } from '../../../core/gate/answers.ts';
import { pairPredictions } from '../../../core/gate/comparison/pair-predictions.ts';
import { findMisread } from '../../../core/gate/find-misread.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import { randomStream } from '../../../core/statistics/random/random-stream.ts';
import { gateInput, randomMultilabel, randomRanking } from './samples.ts';

const MANY = randomMultilabel(300, 4, 0.15, 'many');
const RANKED = randomRanking(40, 1.5, 'ranked');

/** The same answers with the columns in this order. */
function reorder(model: Predictions, order: readonly number[]): Predictions {
  const pick = (columns: readonly Float64Array[] = []) =>
    order.flatMap((place) => {
      const column = columns[place];
      return column === undefined ? [] : [column];
    });
  return { ...model, parts: pick(model.parts), scores: pick(model.scores) };
}

const codesOf = (model: Predictions) => findMisread(model, 'challenger').map(({ code }) => code);
const withoutScores = (model: Predictions): Predictions => ({ ...model, scores: [] });
const turn = (columns: readonly Float64Array[] = []) =>
  columns.map((column) => column.map((value) => 1 - value));

describe('classes of a row in another order', () => {
  test.each([
    ['all, round', [1, 2, 3, 0], 4],
    ['two of four', [0, 2, 1, 3], 2],
    ['two pairs', [1, 0, 3, 2], 4],
  ])('%s: is found by scores and by answers', (_, order, count) => {
    for (const model of [reorder(MANY, order), withoutScores(reorder(MANY, order))]) {
      expect(findMisread(model, 'challenger')).toMatchObject([
        { code: 'answers-permuted', message: expect.stringContaining(`${count} of the 4 classes`) },
      ]);
    }
  });

  test('the message says which class the answers of each go with', () => {
    expect(findMisread(reorder(MANY, [0, 2, 1, 3]), 'model')[0]?.message).toBe(
      'The answers of the model for 2 of the 4 classes go with each other’s labels: those for class-1 with class-2, those for class-2 with class-1.',
    );
  });

  test('of exclusive classes too, which are answered below chance then', () => {
    const random = randomStream('exclusive');
    const topics = Array.from({ length: 200 }, () => random.below(3));
    const of = (shift: number) =>
      [0, 1, 2].map((place) => Float64Array.from(topics, (topic) => Number((topic + shift) % 3 === place)));
    const model = { ...MANY, ids: topics.map(String), classes: ['a', 'b', 'c'], truths: of(0), scores: [] };
    expect(codesOf({ ...model, parts: of(0) })).toEqual([]);
    expect(codesOf({ ...model, parts: of(1) })).toEqual(['answers-permuted']);
  });

  test.each([
    ['a good model', MANY],
    ['a poor one', randomMultilabel(300, 4, 0.45, 'poor')],
    ['one that knows nothing', randomMultilabel(300, 40, 0.5, 'nothing')],
    [
      'one that answers everything',
      { ...MANY, parts: MANY.truths?.map((truth) => truth.map(() => 1)) ?? [] },
    ],
  ])('%s is none', (_, model) => {
    expect(codesOf(model)).toEqual([]);
    expect(codesOf(withoutScores(model))).toEqual([]);
  });

  test('eight rows show nothing, however exactly they are the others’', () => {
    const has = (place: number) => Float64Array.from({ length: 8 }, (_, row) => Number(row % 2 === place));
    const model = { ...MANY, ids: [...'abcdefgh'], classes: ['a', 'b'], truths: [has(0), has(1)] };
    expect(codesOf({ ...model, parts: [has(1), has(0)], scores: [] })).toEqual([]);
  });

  test('what few groups have in common is no sign of it', () => {
    // Six users; each has classes of its own, and the model answers by the user alone, wrongly.
    const rows = Array.from({ length: 600 }, (_, row) => row);
    const users = rows.map((row) => row % 6);
    const by = (has: (user: number) => boolean) => Float64Array.from(users, (user) => Number(has(user)));
    const truths = [by((user) => user < 3), by((user) => user === 0 || user > 3)];
    const parts = [by((user) => user === 0 || user === 4), by((user) => user < 2)];
    const model = { ...MANY, ids: rows.map(String), classes: ['a', 'b'], truths, parts, scores: [] };
    expect(codesOf(model)).toEqual(['answers-permuted']);
    expect(codesOf({ ...model, groups: users.map(String) })).toEqual([]);
  });
});

describe('a champion that was judged by the same meaning before', () => {
  test.each([
    ['a ranker', RANKED, { ...RANKED, predictions: RANKED.predictions.map((score) => -score) }],
    ['labels of a row', MANY, reorder(MANY, [1, 2, 3, 0])],
  ])('%s: is judged, though the world has turned its answers over', (_, challenger, champion) => {
    const laid = (isSettled: boolean) => pairPredictions({ ...champion, isSettled }, challenger);
    expect(laid(true).ok).toBe(true);
    expect(laid(false).ok).toBe(false);
  });

  test('what its challenger answers is not settled by that', () => {
    const misread = reorder(MANY, [1, 2, 3, 0]);
    const laid = pairPredictions({ ...MANY, isSettled: true }, misread);
    expect(laid.ok ? [] : laid.error.map(({ code }) => code)).toEqual(['answers-permuted']);
  });
});

describe('answers upside down', () => {
  test('scores of what a row has not', () => {
    expect(
      findMisread({ ...MANY, parts: turn(MANY.parts), scores: turn(MANY.scores) }, 'model'),
    ).toMatchObject([{ code: 'answers-inverted', message: expect.stringContaining('4 of the 4 classes') }]);
  });

  test('one class that a model has learnt the wrong way round is a bad model, and judged', () => {
    const [first = new Float64Array(), ...more] = MANY.scores;
    expect(codesOf({ ...MANY, scores: [first.map((value) => 1 - value), ...more] })).toEqual([]);
  });

  test('where one class is answered rightly the others are a bad model’s', () => {
    const [first = new Float64Array(), ...more] = MANY.scores;
    expect(codesOf({ ...MANY, scores: [first, ...turn(more)] })).toEqual([]);
  });

  test('a ranker of which the best rows come last', () => {
    const upsideDown = { ...RANKED, predictions: RANKED.predictions.map((score) => -score) };
    expect(findMisread(upsideDown, 'champion')).toMatchObject([
      {
        code: 'answers-inverted',
        message: expect.stringMatching(
          /^The scores of the champion run against the relevance in \d+ of 40 queries/,
        ),
        remedy: expect.stringContaining('the higher the more relevant'),
      },
    ]);
    expect(codesOf(RANKED)).toEqual([]);
  });

  test('a ranker that knows nothing is none, however many queries it is asked', () => {
    const random = randomStream('noise');
    const many = randomRanking(2000, 1, 'many');
    expect(codesOf({ ...many, predictions: many.predictions.map(() => random.uniform()) })).toEqual([]);
    expect(codesOf({ ...many, predictions: many.predictions.map(() => 1) })).toEqual([]);
  });

  test('two queries show nothing, nor do queries that go either way', () => {
    const two = randomRanking(2, 0, 'two');
    expect(codesOf({ ...two, predictions: two.predictions.map((score) => -score) })).toEqual([]);
    // Long queries of a model that is sure and wrong in some of them: a bad model, not one that is read upside down.
    const rows = Array.from({ length: 800 }, (_, row) => row);
    const labels = Float64Array.from(rows, (row) => row % 10);
    const isWrong = (row: number) => [0, 2, 3, 5, 6].includes(Math.floor(row / 100));
    const predictions = labels.map((label, row) => (isWrong(row) ? -label : label));
    const groups = rows.map((row) => `query-${Math.floor(row / 100)}`);
    const model = { ...RANKED, ids: rows.map(String), labels, predictions, groups };
    expect(codesOf(model)).toEqual([]);
  });
});

test.each([
  ['multilabel', MANY, reorder(MANY, [1, 2, 3, 0]), 'answers-permuted', 'hamming-loss'],
  [
    'ranking',
    RANKED,
    { ...RANKED, predictions: RANKED.predictions.map((score) => -score) },
    'answers-inverted',
    'ndcg',
  ],
])('%s: the gate judges no such model, as challenger or as champion', (_, good, bad, code, metric) => {
  const rules = [{ kind: 'floor', metric, floor: -1, ceiling: 2 }] as const;
  for (const models of [
    { challenger: bad },
    { champion: good, challenger: bad },
    { champion: bad, challenger: good },
  ]) {
    expect(judgeGate(gateInput(rules, models))).toMatchObject({
      verdict: 'inconclusive',
      problems: [{ code }],
    });
  }
  expect(judgeGate(gateInput(rules, { challenger: good })).problems).toEqual([]);
});

test('check refuses them before any training', () => {
  const { ids, labels, groups } = RANKED;
  const held: HeldOut = {
    ...{ digest: 'sha256:0', ids, groups, slices: {} },
    truth: { names: Array.from(labels, String), numbers: labels },
  };
  const answers: Answers = {
    ...{ task: 'ranking', classes: [], isClosed: true, contract: { task: 'ranking' }, inferred: [] },
    ...{ ids, predictions: RANKED.predictions.map((score) => -score) },
    ...{ scores: [], rowMetrics: {}, holdoutDigest: 'sha256:0' },
  };
  expect(checkAnswers('model', { answers, held }, [])).toMatchObject([
    { kind: 'flawed', level: 'error', problem: { code: 'answers-inverted' } },
  ]);
});

test('models that know nothing are refused in none of 300 cases each, plain ones found in all', () => {
  const count = (of: (seed: string) => Predictions): number =>
    Array.from({ length: 300 }, (_, index) => codesOf(of(`case ${index}`))).filter(({ length }) => length > 0)
      .length;
  const guess = (seed: string): Predictions => {
    const random = randomStream(seed);
    const asked = randomRanking(30, 1, seed);
    return { ...asked, predictions: asked.predictions.map(() => random.uniform()) };
  };
  // Whatever a row has, all columns say how much it has of what makes every class likelier.
  const alike = (seed: string): Predictions => {
    const random = randomStream(seed);
    const factor = Float64Array.from({ length: 300 }, () => random.uniform());
    const truths = Array.from({ length: 6 }, () => factor.map((value) => Number(random.uniform() < value)));
    const scores = truths.map(() => factor.map((value) => (value + random.uniform()) / 2));
    const classes = truths.map((_, index) => `class-${index}`);
    return { ...MANY, ids: Array.from(factor, (_, row) => String(row)), classes, truths, scores };
  };
  expect([count((seed) => randomMultilabel(300, 10, 0.5, seed)), count(guess), count(alike)]).toEqual([
    0, 0, 0,
  ]);
  expect(count((seed) => reorder(randomMultilabel(1000, 4, 0.2, seed), [1, 2, 0, 3]))).toBe(300);
});
