import { describe, expect, it } from 'vitest';
import type { AnswersContract } from '../../../core/answers/contract.ts';
import type { Answers } from '../../../core/gate/answers.ts';
import { checkContract } from '../../../core/gate/check-contract.ts';
import { describeAnswers, findUnknownPositive } from '../../../core/gate/describe-answers.ts';

const answers: Answers = {
  task: 'binary',
  classes: ['no', 'yes'],
  isClosed: true,
  contract: { task: 'binary', classes: ['yes', 'no'], positive: 'yes', scores: 'probabilities' },
  inferred: [],
  ids: ['a', 'b', 'c'],
  predictions: Float64Array.of(0, 1, -1),
  scores: [],
  rowMetrics: {},
  holdoutDigest: 'sha256:0',
};
const check = (changed: Partial<Answers>, expected: AnswersContract, names = ['no', 'yes', 'yes']) =>
  checkContract(
    { ...answers, ...changed },
    { expected, truth: { names, numbers: new Float64Array(3) }, who: 'challenger' },
  ).map(({ message }) => message);
const read = (changed: Partial<AnswersContract>) => ({ contract: { ...answers.contract, ...changed } });

describe('answers that a job has read', () => {
  it('count where they were read by what the default branch and the ledger say', () => {
    expect(check({}, {})).toEqual([]);
    expect(check({}, { positive: 'yes', classes: ['yes', 'no'] })).toEqual([]);
  });

  it.each<[string, Partial<Answers>, AnswersContract, string[]]>([
    ['another positive class', {}, { positive: 'no' }, ['no', 'yes', 'yes']],
    ['another scale', read({ scores: 'logits' }), { scores: 'probabilities' }, ['no', 'yes', 'yes']],
    ['nothing of what is stated', {}, { prediction: 'label' }, ['no', 'yes', 'yes']],
    ['other classes', {}, { classes: ['no', 'yes', 'maybe'] }, ['no', 'yes', 'yes']],
    ['the positive class first', { classes: ['yes', 'no'] }, {}, ['no', 'yes', 'yes']],
    ['classes beside the contract’s', { classes: ['no', 'yes', 'x'] }, {}, ['no', 'yes', 'yes']],
    [
      'places of several classes, which the runtime never concludes',
      {
        ...{ task: 'multilabel', classes: ['a', 'b'] },
        contract: { task: 'multilabel', classes: ['a', 'b'], labels: { 0: 'a', 1: 'b' } },
      },
      {},
      ['0', 'a|1', 'b|1'],
    ],
    // Each label would be right whatever is answered.
    ['labels that nobody has mapped', read({ labels: { no: 'yes', yes: 'yes' } }), {}, ['no', 'yes', 'yes']],
    ['places counted from one', read({ labels: { '0': 'yes', '1': 'no' } }), {}, ['1', '1', '2']],
    [
      'unlisted classes that are no labels',
      { isClosed: false, classes: ['no', 'x'] },
      {},
      ['no', 'yes', 'yes'],
    ],
    ['listed classes of a text', { task: 'text' }, {}, ['no', 'yes', 'yes']],
  ])('don’t count where they were read by %s', (_what, changed, expected, names) => {
    expect(check(changed, expected, names).join(' ')).toMatch(
      /^The answers of the challenger were read by another/,
    );
  });

  it('are told by the keys that a person writes', () => {
    const [message] = check({}, { scoreColumns: ['p'] }, ['no', 'yes', 'yes']);
    expect(message).toMatch(/were read by another score-columns than/);
  });

  it('may take the flags of a holdout for 0 and 1, and nothing else for them', () => {
    const flags = { labels: { False: '0', True: '1' }, classes: ['0', '1'] };
    const from = (labels: Readonly<Record<string, string>>) => ({
      classes: ['0', '1'],
      contract: { ...flags, labels },
    });
    expect(check(from(flags.labels), {}, ['False', 'True'])).toEqual([]);
    expect(check(from({ True: '0', False: '1' }), {}, ['False', 'True'])).toHaveLength(1);
    expect(check(from({ False: '1', True: '1' }), {}, ['False', 'True'])).toHaveLength(1);
    expect(check(from({ ...flags.labels, x: '1' }), {}, ['False', 'True', 'x'])).toHaveLength(1);
    expect(check(from(flags.labels), {}, ['False', 'True', '0'])).toHaveLength(1);
  });

  it('are a champion’s in the form that they were judged in, and of the meaning that is said now', () => {
    const champion = (expected: AnswersContract) =>
      checkContract(answers, {
        expected,
        truth: { names: ['no', 'yes'], numbers: new Float64Array(2) },
        who: 'champion',
      });
    expect(champion({ scores: 'logits', prediction: 'label', scoreColumns: ['p'] })).toEqual([]);
    expect(champion({ positive: 'no' })).toHaveLength(1);
  });

  it('may take labels for places of classes, and for what the default branch says', () => {
    const places = read({ labels: { '0': 'yes', '1': 'no' } });
    expect(check(places, {}, ['0', '1', '1'])).toEqual([]);
    const mapped = read({ labels: { J: 'yes', N: 'no' } });
    expect(check(mapped, { labels: { J: 'yes', N: 'no' } }, ['J', 'N', 'N'])).toEqual([]);
    expect(check(mapped, {}, ['J', 'N', 'N'])).toHaveLength(1);
    const unlisted = { isClosed: false, contract: { labels: { J: 'yes', N: 'no' }, positive: 'yes' } };
    expect(check(unlisted, { labels: { J: 'yes', N: 'no' } }, ['J', 'N', 'N'])).toEqual([]);
  });
});

describe('what is told of answers', () => {
  it('is what was concluded and how to state it', () => {
    expect(describeAnswers(answers)).toEqual([]);
    expect(describeAnswers({ ...answers, inferred: ['task', 'scores'] })).toEqual([
      'Nobody states what this model answers in full: `task`, `scores` were concluded from its answers. To state it: `answers: { task: binary, classes: [yes, no], positive: yes, scores: probabilities }`.',
    ]);
  });

  it('is how many answers are no label of the holdout, where nobody lists the classes', () => {
    expect(describeAnswers({ ...answers, isClosed: false })[0]).toMatch(/^1 of 3 answers are none/);
  });

  it('is that nobody has named the positive class, where a rule is of it', () => {
    const unsaid = { task: 'binary', contract: { classes: ['legit', 'fraud'] } } as const;
    const rule = { kind: 'floor', metric: 'recall', floor: 0.95 } as const;
    expect(findUnknownPositive([rule], unsaid)?.message).toMatch(/^recall is of the positive class/);
    expect(findUnknownPositive([{ ...rule, metric: 'f1_score' }], unsaid)?.code).toBe('positive-unstated');
    expect(findUnknownPositive([{ ...rule, metric: 'accuracy' }], unsaid)).toBeUndefined();
    expect(findUnknownPositive([{ ...rule, detail: { class: 'fraud' } }], unsaid)).toBeUndefined();
    expect(findUnknownPositive([{ ...rule, detail: {} }], unsaid)?.code).toBe('positive-unstated');
    expect(findUnknownPositive([rule], answers)).toBeUndefined();
    expect(findUnknownPositive([rule], { ...unsaid, task: 'multiclass' })).toBeUndefined();
  });
});
