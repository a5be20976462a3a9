import { expect, test } from 'vitest';
import { checkAnswers } from '../../../core/check/check-answers.ts';
import type { Answers } from '../../../core/gate/answers.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';

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
