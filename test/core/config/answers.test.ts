import { describe, expect, it } from 'vitest';
import { isSameContract, mergeContracts, readAsJudged, unmetKeys } from '../../../core/answers/contract.ts';
import { comparePolicy, describePolicy } from '../../../core/config/compare-policy.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';

const file = (answers: string) =>
  `version: 1\nmodel: m\ntracking: { uri: "http://m:1" }\ngate: [{ metric: accuracy, floor: 0.9 }]\n${answers}`;
const read = (answers: string) => parseConfig(file(answers), { file: 'trainyard.yml', env: {} });

describe('what trainyard.yml says of a model’s answers', () => {
  it('is read as the texts that Python writes, and nothing is said where nothing stands', () => {
    const said = `answers: { task: binary, classes: [false, true], positive: true, labels: { no: false, yes: true },
      prediction: label, score-columns: probability, scores: probabilities }\n`;
    const config = read(said);
    expect(config.ok && config.value.answers).toEqual({
      task: 'binary',
      classes: ['False', 'True'],
      positive: 'True',
      labels: { no: 'False', yes: 'True' },
      prediction: 'label',
      scoreColumns: ['probability'],
      scores: 'probabilities',
    });
    const silent = read('');
    expect(silent.ok && silent.value.answers).toEqual({});
    const numbers = read('answers: { classes: [1, 2.0, 10] }\n');
    expect(numbers.ok && numbers.value.answers).toEqual({ classes: ['1', '2', '10'] });
  });

  it('takes a flag for what Python makes of it as a key too, and a quoted text for the text', () => {
    const said = 'answers: { classes: [0, 1], labels: { true: 1, false: 0, "true": 1 } }\n';
    const config = read(said);
    expect(config.ok && config.value.answers.labels).toEqual({ True: '1', False: '0', true: '1' });
    const costs = 'costs: { true: { false: 5 }, false: { true: 1 } }, ceiling: 1';
    const gate = parseConfig(
      file('').replace('metric: accuracy, floor: 0.9', `metric: expected-cost, ${costs}`),
      {
        file: 'trainyard.yml',
        env: {},
      },
    );
    expect(gate.ok && JSON.stringify(gate.value.gate)).toContain('{"True":{"False":5},"False":{"True":1}}');
  });

  it.each<[string, string, string]>([
    ['task: multilabel', 'classes-unstated', 'Nothing says which classes a row may have.'],
    ['task: multilabel, classes: [a]', 'class-count', '1 classes are named for the task `multilabel`'],
    ['task: multilabel, classes: [a, b|c]', 'class-with-separator', '1 classes hold a `|`'],
    ['task: multilabel, classes: [a, b], positive: b', 'positive-of-many', 'none is the positive one'],
    ['task: quantiles', 'quantiles-unstated', 'Nothing says which quantiles'],
    ['task: quantiles, quantiles: [0.5]', 'quantiles-order', 'not several that increase'],
    ['task: quantiles, quantiles: [0.9, 0.1]', 'quantiles-order', '0.9, 0.1'],
    ['task: regression, quantiles: [0.1, 0.9]', 'quantiles-for-task', 'Only a model of the task `quantiles`'],
    ['task: ranking, classes: [a, b]', 'no-classes-for-task', '`ranking` has no listed classes'],
    ['classes: [a, a]', 'repeated-class', '1 of the 2 classes'],
    ['task: binary, classes: [a, b, c]', 'class-count', '3 classes are named for the task `binary`'],
    ['classes: [a, b], positive: c', 'unknown-class', '`c` is none of the classes'],
    ['classes: [a, b, c], positive: c', 'positive-of-many', 'none is the positive one'],
    ['classes: [a, b], labels: { x: c }', 'unknown-class', '`c` is none of the classes'],
    ['task: regression, classes: [a, b]', 'no-classes-for-task', '`regression` has no listed classes'],
    ['task: text, scores: logits', 'no-classes-for-task', '`text` has no listed classes'],
  ])('is refused where it can’t be meant: %s', (written, code, message) => {
    const config = read(`answers: { ${written} }\n`);
    const problems = config.ok ? [] : config.error;
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(problems[0]?.message).toContain(message);
  });

  it('needs the column of the query where rows are ranked', () => {
    const holdout = (group: string) =>
      read(`answers: { task: ranking }\ndata: { holdout: { path: held.csv, target: relevance${group} } }\n`);
    const without = holdout('');
    expect(without.ok ? [] : without.error).toMatchObject([{ code: 'ranking-without-queries' }]);
    expect(holdout(', group: query').ok).toBe(true);
  });

  it('is policy: what a commit says of it counts from the merge on', () => {
    const ours = file('answers: { positive: fraud }\n');
    const theirs = file('answers: { positive: legit, scores: logits }\n');
    expect(describePolicy(comparePolicy(ours, theirs))).toEqual([
      "This commit changes `answers.positive` from fraud to legit; read by the default branch's fraud until it is merged.",
      'This commit adds `answers.scores` (logits); the default branch does not have it, so it counts from the merge on.',
    ]);
  });
});

describe('two contracts of answers', () => {
  const fixed = { task: 'binary', classes: ['no', 'yes'], scores: 'probabilities' } as const;

  it('are one where neither contradicts the other', () => {
    expect(mergeContracts({ positive: 'yes' }, fixed)).toEqual({ ...fixed, positive: 'yes' });
    expect(mergeContracts({ positive: 'yes' }, undefined)).toEqual({ positive: 'yes' });
  });

  it('are the declared one alone where it says otherwise', () => {
    expect(mergeContracts({ classes: ['yes', 'no'] }, fixed)).toEqual({ classes: ['yes', 'no'] });
    expect(unmetKeys({ classes: ['yes', 'no'], positive: 'yes' }, fixed)).toEqual(['classes', 'positive']);
  });

  it('are one for a model that has been judged: the new meaning, in the form that it was judged in', () => {
    const now = { positive: 'no', scores: 'logits', prediction: 'label', scoreColumns: ['a', 'b'] } as const;
    const unsettled = (contract: object) => ({ contract, isSettled: false });
    expect(readAsJudged(now, fixed)).toEqual(unsettled({ positive: 'no', scores: 'probabilities' }));
    expect(readAsJudged(now)).toEqual(unsettled({ positive: 'no' }));
    const judged = { ...fixed, prediction: 'answer', scoreColumns: ['p'] };
    expect(readAsJudged({ ...fixed, ...now }, judged)).toEqual(unsettled({ ...judged, positive: 'no' }));
  });

  it('are the same whatever the order of their labels', () => {
    expect(isSameContract({ labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } })).toBe(true);
    expect(isSameContract({ labels: { a: '1' } }, {})).toBe(false);
  });
});
