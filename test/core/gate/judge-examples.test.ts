import { describe, expect, test } from 'vitest';
import type { AnswersContract, Task } from '../../../core/answers/contract.ts';
import { type ExampleAnswers, readExamples } from '../../../core/gate/examples.ts';
import { judgeExamples } from '../../../core/gate/judge/examples.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { gateInput, randomBinary } from './samples.ts';

type ExampleTexts = Parameters<typeof readExamples>[1];

const DIGEST = `sha256:${'e'.repeat(64)}`;
const RULE = { kind: 'examples', path: 'behaviour.csv' } as const;

function read(texts: ExampleTexts) {
  const rows = Math.max(0, ...Object.values(texts).map((column) => column.length));
  return readExamples({ path: RULE.path, digest: DIGEST, rows }, texts);
}

function judge(
  texts: ExampleTexts,
  answers: Omit<ExampleAnswers, 'digest'>,
  {
    task = 'binary',
    contract = {},
    classes,
    digest = DIGEST,
  }: { task?: Task; contract?: AnswersContract; classes?: readonly string[]; digest?: string } = {},
) {
  const examples = read(texts);
  if (!examples.ok) throw new Error(JSON.stringify(examples.error));
  return judgeExamples(
    RULE,
    { examples: examples.value, answered: { ...answers, digest } },
    { task, contract, classes },
  );
}

const codes = (check: ReturnType<typeof judge>) => [check.verdict, ...check.reasons.map(({ code }) => code)];

describe('examples that must be answered so', () => {
  const texts = { id: ['usual', 'stolen card', 'refund'], expect: ['legit', 'fraud', 'legit'] };

  test('pass where all are', () => {
    const check = judge(texts, { answers: ['legit', 'fraud', 'legit'], scores: null });
    expect(codes(check)).toEqual(['pass', 'examples-hold']);
    expect(check.reasons[0]?.message).toBe('behaviour.csv: all 3 examples are answered as they must be.');
  });

  test('fail where one is not, by its name and never by its values', () => {
    const check = judge(texts, { answers: ['legit', 'legit', 'legit'], scores: null });
    expect(codes(check)).toEqual(['fail', 'examples-failed']);
    expect(check.reasons[0]?.message).toBe(
      'behaviour.csv: 1 of 3 examples are answered otherwise than they must be: stolen card.',
    );
  });

  test('name ten and count the rest; without ids by their rows', () => {
    const rows = Array.from({ length: 25 }, () => 'fraud');
    const check = judge({ expect: rows }, { answers: rows.map(() => 'legit'), scores: null });
    expect(check.reasons[0]?.message).toMatch(
      /^behaviour\.csv: 25 of 25 .*: row 1, row 2, .*row 10 and 15 more\.$/,
    );
  });

  test('are named as labels are', () => {
    const contract = { labels: { '1': 'fraud', '0': 'legit' } };
    expect(
      judge({ expect: ['1', '0'] }, { answers: ['fraud', 'legit'], scores: null }, { contract }).verdict,
    ).toBe('pass');
  });

  test.each([
    ['10', '', 10, 'pass'],
    ['10', '', 10.000000001, 'pass'],
    ['10', '', 10.1, 'fail'],
    ['10', '0.5', 10.4, 'pass'],
    ['10', '0.5', 10.6, 'fail'],
  ])('a number of %s within "%s" answered by %d: %s', (expected, within, answer, verdict) => {
    const texts = { expect: [expected], within: [within] };
    expect(judge(texts, { answers: [answer], scores: null }, { task: 'regression' }).verdict).toBe(verdict);
  });
});

describe('what is expected', () => {
  test.each([
    ['as it is written, where that is a class', '01', '1', ['01', '02'], '01', 'pass'],
    ['as labels are typed, where that is one', '1.0', '1', ['0', '1'], '1', 'pass'],
    ['as it is written, before what it may be typed as', '01', '1', ['01', '1'], '1', 'fail'],
    ['either way, where classes are not listed', '1.0', '1', undefined, '1', 'pass'],
    ['with its spaces, which a text may begin with', ' Paris', ' Paris', undefined, ' Paris', 'pass'],
    ['and nothing that a space sets apart', 'Paris', 'Paris', undefined, ' Paris', 'fail'],
  ])('is meant %s', (_, written, typed, classes, answer, verdict) => {
    const given = { answers: [answer], scores: null };
    expect(judge({ expect: [written], typed: [typed] }, given, { ...(classes && { classes }) }).verdict).toBe(
      verdict,
    );
  });

  test.each([
    ['no class', 'multiclass', ['frued', 'legit'], ['fraud', 'legit'], 'none of the classes: row 1.'],
    ['no number', 'regression', ['12', 'a lot'], [12, 12], 'no number: row 2.'],
    ['a number without end', 'regression', ['inf'], [12], 'no number: row 1.'],
  ] as const)('is %s: a fault of the file, and not of the model', (_, task, expected, answers, told) => {
    const classes = task === 'regression' ? {} : { classes: ['fraud', 'legit'] };
    const check = judge({ expect: expected }, { answers, scores: null }, { task, ...classes });
    expect(codes(check)).toEqual(['inconclusive', 'examples-unanswerable']);
    expect(check.reasons[0]?.message).toContain(told);
    expect(check.toSettle).toContain('under `expect`');
  });

  test('is told by names that are cut, however long they are', () => {
    const rows = Array.from({ length: 20 }, (_, row) => String(row));
    const texts = { id: rows.map((row) => 'i'.repeat(10_000) + row), expect: rows.map(() => 'a') };
    const check = judge(texts, { answers: rows.map(() => 'b'), scores: null });
    expect(check.reasons[0]?.message.length).toBeLessThan(1_000);
  });
});

describe('pairs', () => {
  const pair = (relation: string) => ({ pair: ['name swapped', 'name swapped'], relation: ['', relation] });

  test.each([
    ['same', ['a', 'a'], [0.2, 0.4], 'pass'],
    ['same', ['a', 'b'], [0.4, 0.6], 'fail'],
    ['higher', ['a', 'a'], [0.2, 0.3], 'pass'],
    ['higher', ['a', 'a'], [0.3, 0.3], 'fail'],
    ['lower', ['b', 'a'], [0.7, 0.3], 'pass'],
    ['lower', ['a', 'b'], [0.3, 0.7], 'fail'],
  ])('%s of the classes %s with the scores %s: %s', (relation, answers, scores, verdict) => {
    const check = judge(pair(relation), { answers, scores });
    expect(check.verdict).toBe(verdict);
    if (verdict === 'fail') expect(check.reasons[0]?.message).toContain('1 of 1 pairs');
  });

  test.each([
    ['same', [5, 5], 'pass'],
    ['same', [5, 6], 'fail'],
    ['higher', [5, 6], 'pass'],
    ['lower', [5, 6], 'fail'],
  ])('%s of the numbers %s: %s', (relation, answers, verdict) => {
    expect(judge(pair(relation), { answers, scores: null }, { task: 'regression' }).verdict).toBe(verdict);
  });

  test('of an order that the answers do not have are settled by nobody', () => {
    expect(codes(judge(pair('higher'), { answers: ['a', 'a'], scores: null }))).toEqual([
      'inconclusive',
      'examples-without-order',
    ]);
  });
});

describe('what can not be judged is inconclusive', () => {
  test.each([
    ['answers to another file', { digest: `sha256:${'f'.repeat(64)}` }, ['a', 'a']],
    ['answers to other rows', {}, ['a']],
  ])('%s', (_, more, answers) => {
    expect(codes(judge({ expect: ['a', 'a'] }, { answers, scores: null }, more))).toEqual([
      'inconclusive',
      'examples-not-asked',
    ]);
  });

  test('a gate that nobody has asked about its examples does not pass', () => {
    const rules = [{ kind: 'floor', metric: 'accuracy', floor: 0.5 } as const, RULE];
    const result = judgeGate(gateInput(rules, { challenger: randomBinary(300, 0.1, 'm') }));
    expect(result.verdict).toBe('inconclusive');
    expect(result.toSettle.join()).toContain('behaviour.csv: all jobs run again');
  });
});

describe('a file that asks for what can not be judged is refused, by counts', () => {
  test.each([
    [{}, 'has no examples'],
    [{ expect: ['a', ''], pair: ['', ''] }, 'has 1 rows that ask for nothing'],
    [{ pair: ['p', 'p', 'p'], relation: ['same', '', ''] }, 'has 1 pairs'],
    [{ pair: ['p'], relation: ['same'] }, 'has 1 pairs'],
    [{ pair: ['p', 'p'], relation: ['', ''] }, 'has 1 pairs'],
    [{ pair: ['p', 'p'], relation: ['same', 'higher'] }, 'has 1 pairs'],
    [{ pair: ['p', 'p'], relation: ['', 'equal'] }, 'has 1 pairs'],
    [{ expect: ['1', '2'], within: ['-1', 'x'] }, 'has 2 rows whose `within`'],
  ])('%j', (texts, message) => {
    const examples = read(texts);
    expect(examples.ok ? '' : examples.error.map((one) => one.message).join(' ')).toContain(message);
  });
});
