import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import type { Predictions } from '../../../core/gate/predictions.ts';
import type { GateRule, MlflowRule } from '../../../core/gate/rules/rule.ts';
import { binaryPredictions, gateInput, randomBinary } from './samples.ts';

/**
 * The cases of MLflow's own tests of its validation (mlflow/mlflow, tests/evaluate/test_validation.py), by the names they have there, through
 * the whole gate. `accuracy` is theirs of a result that is made up, so here it is one that the run logged under another name.
 */
type Values = Readonly<Record<string, number>>;
type Threshold = Omit<MlflowRule, 'kind' | 'metric'>;
type Case = readonly [name: string, Values, Values | undefined, Readonly<Record<string, Threshold>>];

const up = (conditions: Omit<Threshold, 'greaterIsBetter'>): Threshold => ({
  ...conditions,
  greaterIsBetter: true,
});
const down = (conditions: Omit<Threshold, 'greaterIsBetter'>): Threshold => ({
  ...conditions,
  greaterIsBetter: false,
});

const AT_LEAST = {
  accuracy: up({ threshold: 0.9 }),
  f1: up({ threshold: 0.8 }),
  loss: down({ threshold: 0.5 }),
  l1: down({ threshold: 0.3 }),
};
const BY = {
  accuracy: up({ minAbsoluteChange: 0.1 }),
  f1: up({ minAbsoluteChange: 0.15 }),
  loss: down({ minAbsoluteChange: 0.1 }),
  l1: down({ minAbsoluteChange: 0.15 }),
};
const BY_SHARE = {
  accuracy: up({ minRelativeChange: 0.1 }),
  f1: up({ minRelativeChange: 0.15 }),
  loss: down({ minRelativeChange: 0.15 }),
  l1: down({ minRelativeChange: 0.1 }),
};

function only<T>(all: Readonly<Record<string, T>>, ...names: string[]): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

const REFUSED: readonly Case[] = [
  ['value: one, higher is better', { accuracy: 0.8 }, undefined, only(AT_LEAST, 'accuracy')],
  ['value: two, higher is better', { accuracy: 0.8, f1: 0.7 }, undefined, only(AT_LEAST, 'accuracy', 'f1')],
  ['value: one, lower is better', { l1: 0.5 }, undefined, only(AT_LEAST, 'l1')],
  ['value: missing in the candidate', {}, undefined, only(AT_LEAST, 'accuracy')],
  ['value: two, lower is better', { l1: 0.5, loss: 0.8 }, undefined, only(AT_LEAST, 'l1', 'loss')],
  [
    'value: not all of three',
    { accuracy: 0.8, f1: 0.7, loss: 0.3 },
    undefined,
    only(AT_LEAST, 'accuracy', 'f1', 'loss'),
  ],
  ['change: one, higher is better', { accuracy: 0.79 }, { accuracy: 0.7 }, only(BY, 'accuracy')],
  [
    'change: two, higher is better',
    { accuracy: 0.79, f1: 0.8 },
    { accuracy: 0.7, f1: 0.7 },
    only(BY, 'accuracy', 'f1'),
  ],
  ['change: one, lower is better', { l1: 0.5 }, { l1: 0.6 }, only(BY, 'l1')],
  ['change: two, lower is better', { l1: 0.5, loss: 0.45 }, { l1: 0.6, loss: 0.3 }, only(BY, 'l1', 'loss')],
  ['change: no baseline', { l1: 0.72 }, undefined, only(BY, 'l1')],
  ['share: one, higher is better', { accuracy: 0.75 }, { accuracy: 0.7 }, only(BY_SHARE, 'accuracy')],
  [
    'share: two, higher is better',
    { accuracy: 0.53, f1: 0.8 },
    { accuracy: 0.5, f1: 0.7 },
    only(BY_SHARE, 'accuracy', 'f1'),
  ],
  ['share: one, lower is better', { l1: 0.55 }, { l1: 0.6 }, only(BY_SHARE, 'l1')],
  [
    'share: two, lower is better',
    { l1: 0.72 + 1e-3, loss: 0.27 + 1e-5 },
    { l1: 0.8, loss: 0.3 },
    only(BY_SHARE, 'l1', 'loss'),
  ],
  ['share: no baseline', { l1: 0.72 }, undefined, only(BY_SHARE, 'l1')],
  ['share: a baseline of 0, not met', { metric: 0 }, { metric: 0 }, { metric: BY_SHARE.accuracy }],
  [
    'all three conditions missed',
    { accuracy: 0.75 },
    { accuracy: 0.7 },
    { accuracy: up({ threshold: 0.8, minAbsoluteChange: 0.1, minRelativeChange: 0.1 }) },
  ],
];

const ACCEPTED: readonly Case[] = [
  ['value: one, higher is better', { accuracy: 0.91 }, undefined, only(AT_LEAST, 'accuracy')],
  ['value: one, lower is better', { loss: 0.3 }, undefined, only(AT_LEAST, 'loss')],
  ['value: just met', { accuracy: 0.9, loss: 0.5 }, undefined, only(AT_LEAST, 'accuracy', 'loss')],
  [
    'value: all of three',
    { accuracy: 0.9, f1: 0.8, loss: 0.3 },
    undefined,
    only(AT_LEAST, 'accuracy', 'f1', 'loss'),
  ],
  ['change: one, higher is better', { accuracy: 0.9 + 1e-2 }, { accuracy: 0.8 }, only(BY, 'accuracy')],
  ['change: one, lower is better', { loss: 0.3 }, { loss: 0.4 + 1e-3 }, only(BY, 'loss')],
  [
    'change: just met',
    { accuracy: 0.8 + 1e-10, loss: 0.2 - 1e-10 },
    { accuracy: 0.7, loss: 0.3 },
    only(BY, 'accuracy', 'loss'),
  ],
  [
    'change: all of three',
    { accuracy: 0.9, f1: 0.8, loss: 0.3 },
    { accuracy: 0.7, f1: 0.6, loss: 0.5 },
    only(BY, 'accuracy', 'f1', 'loss'),
  ],
  ['share: one, higher is better', { accuracy: 0.99 + 1e-10 }, { accuracy: 0.9 }, only(BY_SHARE, 'accuracy')],
  ['share: one, lower is better', { loss: 0.3 }, { loss: 0.4 }, only(BY_SHARE, 'loss')],
  [
    'share: just met',
    { accuracy: 0.77, loss: 0.3 * 0.85 - 1e-10 },
    { accuracy: 0.7, loss: 0.3 },
    only(BY_SHARE, 'accuracy', 'loss'),
  ],
  [
    'share: all of three',
    { accuracy: 0.9, f1: 0.9, loss: 0.3 },
    { accuracy: 0.7, f1: 0.6, loss: 0.5 },
    only(BY_SHARE, 'accuracy', 'f1', 'loss'),
  ],
  ['share: a baseline of 0, met', { metric: 1e-10 }, { metric: 0 }, { metric: BY_SHARE.accuracy }],
];

const MODEL = randomBinary(200, 0.1, 'a');

/** The gate's word on metrics that the runs logged. */
function judgeLogged([, candidate, baseline, thresholds]: Case) {
  const logged = (values: Values): Values =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [`their ${name}`, value]));
  const rules = Object.entries(thresholds).map(
    ([name, threshold]): GateRule => ({ kind: 'mlflow', metric: `their ${name}`, ...threshold }),
  );
  const models = baseline === undefined ? { challenger: MODEL } : { champion: MODEL, challenger: MODEL };
  const userMetrics = {
    challenger: logged(candidate),
    ...(baseline === undefined ? {} : { champion: logged(baseline) }),
  };
  return judgeGate(gateInput(rules, models, { userMetrics })).verdict;
}

describe('what MLflow refuses never passes', () => {
  test.each(REFUSED.map((one) => [one[0], one] as const))('%s', (_, one) => {
    expect(judgeLogged(one)).not.toBe('pass');
  });
});

describe('what MLflow accepts passes', () => {
  test.each(ACCEPTED.map((one) => [one[0], one] as const))('%s', (_, one) => {
    expect(judgeLogged(one)).toBe('pass');
  });
});

describe('models that MLflow measures itself: all answers 1 against all answers 0, on the targets 0, 1, 1, 1', () => {
  const labels = Float64Array.of(0, 1, 1, 1);
  const answering = (answer: number): Predictions =>
    binaryPredictions(
      labels,
      labels.map(() => answer),
    );
  const [zeros, ones] = [answering(0), answering(1)];
  const rule = up({ threshold: 0.9, minAbsoluteChange: 0.1 });
  // Once by its validation of results and once within its evaluation.
  test.each(['validate_evaluation_results', 'evaluate'])('%s', () => {
    const judge = (champion: Predictions, challenger: Predictions) =>
      judgeGate(gateInput([{ kind: 'mlflow', metric: 'recall_score', ...rule }], { champion, challenger }))
        .verdict;
    expect(judge(zeros, ones)).toBe('pass');
    expect(judge(ones, zeros)).toBe('fail');
  });
});

test('are 35 in all', () => {
  expect(REFUSED.length + ACCEPTED.length + 4).toBe(35);
});

test('a first model has no change to show: without a threshold nothing says that it is good', () => {
  const rule: GateRule = { kind: 'mlflow', metric: 'accuracy', ...up({ minAbsoluteChange: 0.01 }) };
  const result = judgeGate(gateInput([rule], { challenger: randomBinary(200, 0.9, 'bad') }));
  expect(result).toMatchObject({ verdict: 'inconclusive', checks: [{ reasons: [{ code: 'no-champion' }] }] });
});

test("MLflow's names of many classes are its weighted means, ours the means over classes", () => {
  const labels = Float64Array.from({ length: 100 }, (_, row) => (row < 90 ? 0 : row < 95 ? 1 : 2));
  const model: Predictions = {
    task: 'multiclass',
    classes: ['a', 'b', 'c'],
    ids: Array.from(labels, (_, row) => `row-${row}`),
    labels,
    predictions: labels.map((label) => (label === 2 ? 1 : label)),
    scores: [],
    groups: undefined,
    slices: {},
  };
  const gives = (metric: string) =>
    judgeGate(gateInput([{ kind: 'mlflow', metric, ...up({ threshold: 0.5 }) }], { challenger: model }))
      .checks[0]?.challenger;
  // Of class a 1, of b 2 * 5 / 15, of c 0.
  expect(gives('f1_score')).toBeCloseTo(0.9 + 0.05 * (10 / 15), 12);
  expect(gives('f1')).toBeCloseTo((1 + 10 / 15) / 3, 12);
  expect(gives('recall_score')).toBeCloseTo(0.95, 12);
  expect(gives('precision_score')).toBeCloseTo(0.9 + 0.05 * 0.5, 12);
});
