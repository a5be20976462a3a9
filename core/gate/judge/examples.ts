import { type AnswersContract, LABEL_SEPARATOR, splitLabels, type Task } from '../../answers/contract.ts';
import type { Reason } from '../../verdict.ts';
import type { Check } from '../check.ts';
import { nameClass } from '../check-contract.ts';
import type { ExampleAnswers, Examples } from '../examples.ts';
import { formatCount } from '../format-value.ts';
import type { ExamplesRule } from '../rules/rule.ts';
import { sayRule } from '../rules/say-rule.ts';
import { undecided } from './undecided.ts';

/** The examples of one file, and what the challenger answers to them; nothing where it was not asked about this file. */
export type AnsweredExamples = { readonly examples: Examples; readonly answered: ExampleAnswers | undefined };

/** How the challenger's answers are read, and all classes that it can answer, where they are known. */
type Meaning = {
  readonly task: Task;
  readonly contract: AnswersContract;
  readonly classes: readonly string[] | undefined;
};

const MOST_NAMED = 10;
/** Numbers this near are the same: they were computed in other batches. */
const SAME = 1e-9;

/** Whether every example is answered as it must be, and every pair stands as it must: exact, for these rows and no others. */
export function judgeExamples(
  rule: ExamplesRule,
  given: AnsweredExamples | undefined,
  meaning: Meaning,
): Check {
  const why = given === undefined ? NOT_ASKED : findUnjudged(given, meaning);
  const { need } = sayRule(rule);
  if (given === undefined || given.answered === undefined || why !== undefined) {
    return undecided({ rule: 'examples', metric: rule.path, need, why: why ?? NOT_ASKED });
  }
  const { examples, answered } = given;
  const { names, expectations, pairs } = examples;
  const wrong = expectations
    .filter((one) => !isExpected(one, answered, meaning))
    .map(({ row }) => names[row] ?? '');
  const broken = pairs.filter((pair) => !holds(pair, answered, meaning)).map(({ name }) => name);
  const reasons = [
    ...failure(
      rule,
      {
        code: 'examples-failed',
        what: 'examples are answered otherwise than they must be',
        of: expectations.length,
      },
      wrong,
    ),
    ...failure(
      rule,
      { code: 'pairs-failed', what: 'pairs do not stand to each other as they must', of: pairs.length },
      broken,
    ),
  ];
  const verdict = reasons.length === 0 ? 'pass' : 'fail';
  return {
    rule: 'examples',
    metric: rule.path,
    need,
    verdict,
    reasons: reasons.length === 0 ? [allHold(rule, examples)] : reasons,
  };
}

const NOT_ASKED = {
  code: 'examples-not-asked',
  message: 'the challenger was not asked about these examples, as they are on the default branch.',
};

const NOT_FOR_QUANTILES = {
  code: 'examples-not-for-task',
  message: 'an example expects one answer, and a model of the task `quantiles` gives several.',
};

/** Tasks whose answer is a number. */
const OF_NUMBERS: ReadonlySet<Task> = new Set(['regression', 'ranking']);

/** Why these examples can't be judged by these answers. */
function findUnjudged({ examples, answered }: AnsweredExamples, meaning: Meaning) {
  const { task } = meaning;
  if (task === 'quantiles') return NOT_FOR_QUANTILES;
  if (answered === undefined || answered.digest !== examples.digest) return NOT_ASKED;
  if (answered.answers.length !== examples.names.length) return NOT_ASKED;
  const strange = examples.expectations.filter(({ expect }) => isUnanswerable(expect, meaning));
  if (strange.length > 0) {
    const named = listNames(strange.map(({ row }) => examples.names[row] ?? ''));
    const what = OF_NUMBERS.has(task) ? 'no number' : 'none of the classes';
    const message = `${formatCount(strange.length)} examples expect ${what}: ${named}.`;
    return { code: 'examples-unanswerable', message };
  }
  const isOrdered = OF_NUMBERS.has(task) || answered.scores?.length === answered.answers.length;
  if (isOrdered || examples.pairs.every(({ relation }) => relation === 'same')) return undefined;
  return {
    code: 'examples-without-order',
    message: '`higher` and `lower` take a number, or the score of the positive class of two.',
  };
}

/** Whether no model could answer so: what is written wrongly in the file is no fault of the model. */
function isUnanswerable(expect: readonly string[], { task, contract, classes }: Meaning): boolean {
  if (OF_NUMBERS.has(task)) return !Number.isFinite(Number(expect.at(-1)));
  return classes !== undefined && !expect.some((name) => areClasses(name, { task, contract, classes }));
}

function areClasses(written: string, { task, contract, classes = [] }: Meaning): boolean {
  const names = task === 'multilabel' ? splitLabels(written) : [written];
  return names.every((name) => classes.includes(nameClass(contract, name)));
}

/** What a row has of several classes, whatever their order, as one text. */
function nameSet(contract: AnswersContract, text: string): string {
  const names = splitLabels(text).map((name) => nameClass(contract, name));
  return [...new Set(names)].sort().join(LABEL_SEPARATOR);
}

function isExpected(
  { row, expect, within }: Examples['expectations'][number],
  { answers }: ExampleAnswers,
  { task, contract, classes }: Meaning,
): boolean {
  const answer = answers[row];
  if (OF_NUMBERS.has(task)) return isNear(Number(answer), Number(expect.at(-1)), within);
  if (task === 'multilabel') {
    return expect.some((text) => nameSet(contract, text) === nameSet({}, String(answer)));
  }
  const names = expect.map((name) => nameClass(contract, name));
  const meant = names.find((name) => classes?.includes(name));
  return meant === undefined ? names.some((name) => name === answer) : answer === meant;
}

function holds(
  { first, second, relation, within }: Examples['pairs'][number],
  { answers, scores }: ExampleAnswers,
  { task }: Meaning,
): boolean {
  if (relation === 'same' && !OF_NUMBERS.has(task)) return answers[first] === answers[second];
  const ranked = OF_NUMBERS.has(task) ? answers : (scores ?? []);
  const [before, after] = [Number(ranked[first]), Number(ranked[second])];
  if (relation === 'same') return isNear(before, after, within);
  return relation === 'higher' ? after > before : after < before;
}

function isNear(value: number, other: number, within: number): boolean {
  return Math.abs(value - other) <= Math.max(within, SAME * Math.max(Math.abs(value), Math.abs(other)));
}

type Failure = { readonly code: string; readonly what: string; readonly of: number };

/** Those that fail by their names; none where all hold. */
function failure(
  { path }: ExamplesRule,
  { code, what, of }: Failure,
  names: readonly string[],
): readonly Reason[] {
  if (names.length === 0) return [];
  const message = `${path}: ${formatCount(names.length)} of ${formatCount(of)} ${what}: ${listNames(names)}.`;
  return [{ code, metric: path, message, observed: names.length, sampleSize: of }];
}

function listNames(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${formatCount(rest)} more` : ''}`;
}

function allHold({ path }: ExamplesRule, { expectations, pairs }: Examples): Reason {
  const counts = [
    expectations.length > 0 ? `${formatCount(expectations.length)} examples` : undefined,
    pairs.length > 0 ? `${formatCount(pairs.length)} pairs` : undefined,
  ].filter((part) => part !== undefined);
  return {
    code: 'examples-hold',
    metric: path,
    message: `${path}: all ${counts.join(' and ')} are answered as they must be.`,
    sampleSize: expectations.length + pairs.length,
  };
}
