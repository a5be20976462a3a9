import { expect, test } from 'vitest';
import { checkAnswers } from '../../../core/check/check-answers.ts';
import type { Answers } from '../../../core/gate/answers.ts';

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
const RECALL = { kind: 'floor', metric: 'recall', floor: 0.9 } as const;

test('what was concluded from the answers is told, and a positive class that a rule lacks is an error', () => {
  const [concluded, unknown, ...more] = checkAnswers('model', ANSWERS, [RECALL]);
  expect(concluded).toMatchObject({ kind: 'fine', text: expect.stringContaining('`classes` was concluded') });
  expect(unknown).toMatchObject({ kind: 'flawed', level: 'error', problem: { code: 'positive-unstated' } });
  expect(more).toEqual([]);
});

test('nothing is told of answers that are stated in full', () => {
  const contract = { ...ANSWERS.contract, positive: 'fraud' };
  expect(checkAnswers('model', { ...ANSWERS, inferred: [], contract }, [RECALL])).toEqual([]);
});
