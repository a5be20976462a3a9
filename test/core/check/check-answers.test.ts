import { expect, test } from 'vitest';
import { checkAnswers } from '../../../core/check/check-answers.ts';
import type { Answers } from '../../../core/gate/answers.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';

const ANSWERS: Answers = {
  task: 'binary',
  classes: ['legit', 'fraud'],
  isClosed: true,
  contract: { task: 'binary', classes: ['legit', 'fraud'] },
  inferred: ['classes'],
  ids: ['a'],
  predictions: Float64Array.of(0),
  scores: [],
  rowMetrics: {},
  holdoutDigest: 'sha256:0',
};
const HELD: HeldOut = {
  digest: 'sha256:0',
  ids: ['a'],
  truth: { names: ['legit'], numbers: Float64Array.of(Number.NaN) },
  groups: undefined,
  slices: {},
};
const RECALL = { kind: 'floor', metric: 'recall', floor: 0.9 } as const;

test('what was concluded from the answers is told, and a positive class that a rule lacks is an error', () => {
  const [concluded, unknown, ...more] = checkAnswers('model', { answers: ANSWERS, held: HELD }, [RECALL]);
  expect(concluded).toMatchObject({ kind: 'fine', text: expect.stringContaining('`classes` was concluded') });
  expect(unknown).toMatchObject({ kind: 'flawed', level: 'error', problem: { code: 'positive-unstated' } });
  expect(more).toEqual([]);
});

test('nothing is told of answers that are stated in full', () => {
  const contract = { ...ANSWERS.contract, positive: 'fraud' };
  const answers = { ...ANSWERS, inferred: [], contract };
  expect(checkAnswers('model', { answers, held: HELD }, [RECALL])).toEqual([]);
});

test('what the gate would not judge after a training is an error before it', () => {
  const contract = { ...ANSWERS.contract, positive: 'fraud' };
  const answers = { ...ANSWERS, inferred: [], contract };
  const held = { ...HELD, truth: { ...HELD.truth, names: ['test'] } };
  expect(checkAnswers('model', { answers, held }, [])).toMatchObject([
    {
      kind: 'flawed',
      level: 'error',
      problem: {
        code: 'unknown-class',
        message: '1 of 1 labels of the holdout are none of the 2 classes of the model.',
      },
    },
  ]);
  expect(checkAnswers('model', { answers, held: { ...HELD, ids: ['b'] } }, [])).toMatchObject([
    { kind: 'flawed', level: 'error' },
  ]);
});

/** Three rows of two queries, as a ranker answers them. */
const RANKED: Answers = {
  ...ANSWERS,
  ...{ task: 'ranking', classes: [], contract: { task: 'ranking' }, inferred: [], ids: ['a', 'b', 'c'] },
  predictions: Float64Array.of(0.9, 0.1, 0.4),
};
const QUERIES: HeldOut = {
  ...{ digest: 'sha256:0', ids: ['a', 'b', 'c'], groups: ['q', 'q', 'r'], slices: {} },
  truth: { names: ['1', '0', '2'], numbers: Float64Array.of(1, 0, 2) },
};

test.each<[string, GateRule, string]>([
  [
    'a metric of another task',
    { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.01 },
    'metric-not-for-task',
  ],
  ['rates', { kind: 'fairness', metric: 'equalized-odds', column: 'of', limit: 0.1 }, 'metric-not-for-task'],
])('a rule that the gate would leave open is an error before the training: %s', (_, rule, code) => {
  expect(checkAnswers('model', { answers: RANKED, held: QUERIES }, [rule, rule])).toMatchObject([
    { kind: 'flawed', level: 'error', problem: { code } },
  ]);
});

test('a metric that has no value on these rows is told with what it takes', () => {
  const rule: GateRule = { kind: 'floor', metric: 'ndcg', floor: 0.1 };
  const held = { ...QUERIES, truth: { ...QUERIES.truth, numbers: Float64Array.of(0, 0, 0) } };
  expect(checkAnswers('model', { answers: RANKED, held }, [rule])).toMatchObject([
    {
      kind: 'flawed',
      problem: {
        code: 'no-relevant-rows',
        remedy: 'What it takes: ndcg: holdout queries with rows whose relevance is above 0.',
      },
    },
  ]);
  expect(checkAnswers('model', { answers: RANKED, held: QUERIES }, [rule])).toEqual([]);
});

test('what only the run logs is left to the gate', () => {
  const rule: GateRule = { kind: 'floor', metric: 'accuracy', floor: 0.1 };
  expect(checkAnswers('model', { answers: RANKED, held: QUERIES }, [rule])).toEqual([]);
});
