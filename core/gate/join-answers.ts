import { type AnswersContract, splitLabels } from '../answers/contract.ts';
import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import type { Answers } from './answers.ts';
import { nameClass } from './check-contract.ts';
import type { HeldOut } from './held-out.ts';
import { areAll, type Predictions, pickNumbers } from './predictions.ts';

/**
 * A model's answers beside what is true, in the order of the holdout. Answers of other examples, or not exactly one for each, are
 * problems; they are told by their number, since whoever answers chooses the ids. `who` names the model.
 */
export function joinAnswers(
  answers: Answers,
  held: HeldOut,
  who: string,
): Result<Predictions, readonly Problem[]> {
  const problems = [
    ...checkFile(answers, held, who),
    ...checkClasses(answers, who),
    ...checkIds(answers, held, who),
    ...checkManyLabels(answers, held),
  ];
  if (problems.length > 0) return err(problems);
  const rowOf = new Map(answers.ids.map((id, row) => [id, row]));
  const rows = Uint32Array.from(held.ids, (id) => rowOf.get(id) ?? 0);
  const isInOrder = areAll(rows, answers.ids.length);
  const inOrder = (values: Float64Array) => (isInOrder ? values : pickNumbers(values, rows));
  const ofParts =
    answers.task === 'multilabel'
      ? joinManyLabels(answers, held, inOrder)
      : { ...(answers.parts && { parts: answers.parts.map(inOrder) }) };
  return ok({
    task: answers.task,
    classes: answers.classes,
    ids: held.ids,
    ...(!answers.isClosed && { isOpen: true }),
    labels: readTruth(answers, held),
    predictions: inOrder(answers.task === 'open' ? readOpen(answers, held) : answers.predictions),
    ...ofParts,
    scores: answers.scores.map(inOrder),
    // Days stand for groups where none is named; a query they are not.
    groups: answers.task === 'ranking' && held.groupNote !== undefined ? undefined : held.groups,
    slices: held.slices,
    rowMetrics: Object.fromEntries(
      Object.entries(answers.rowMetrics).map(([name, values]) => [name, inOrder(values)] as const),
    ),
  });
}

/** What is true of each example as a number: a class's index (-1: none of them), or the value; of a text nothing is. */
function readTruth({ task, classes, contract }: Answers, { truth }: HeldOut): Float64Array {
  if (task === 'regression' || task === 'ranking' || task === 'quantiles') return truth.numbers;
  if (task === 'text' || task === 'multilabel') return new Float64Array(truth.names.length);
  const names = truth.names.map((label) => nameClass(contract, label));
  const index = indexNames(task === 'open' ? names : classes);
  return Float64Array.from(names, (name) => index.get(name) ?? -1);
}

/** Whether each row has each class and whether it is answered, and of how many classes an answer is wrong. */
function joinManyLabels(
  { classes, contract, parts = [] }: Answers,
  { truth }: HeldOut,
  inOrder: (values: Float64Array) => Float64Array,
): Required<Pick<Predictions, 'truths' | 'parts' | 'predictions'>> {
  const sets = truth.names.map((text) => readLabels(contract, text));
  const truths = classes.map((name) => Float64Array.from(sets, (set) => (set.has(name) ? 1 : 0)));
  const answered = parts.map(inOrder);
  const wrong = new Float64Array(sets.length);
  for (const [place, column] of truths.entries()) {
    const given = answered[place];
    for (const [row, has] of column.entries()) {
      wrong[row] = (wrong[row] ?? 0) + (given?.[row] === has ? 0 : 1);
    }
  }
  return { truths, parts: answered, predictions: wrong };
}

/** The classes that a label of the holdout names. */
function readLabels(contract: AnswersContract, text: string): ReadonlySet<string> {
  return new Set(splitLabels(text).map((name) => nameClass(contract, name)));
}

/** A class that no model can answer would be missing from every answer, and from what is counted. */
function checkManyLabels({ task, classes, contract }: Answers, { truth }: HeldOut): readonly Problem[] {
  if (task !== 'multilabel') return [];
  const known = new Set(classes);
  const rows = truth.names.filter((text) => !readLabels(contract, text).isSubsetOf(known)).length;
  if (rows === 0) return [];
  return [
    {
      code: 'labels-unknown',
      message: `${rows} of ${truth.names.length} examples of the holdout have a class that is none of the ${classes.length} classes.`,
      remedy:
        'List every class under `answers.classes` in trainyard.yml of the default branch, and write those of a row with `|` between them; say under `answers.labels` what is written otherwise.',
    },
  ];
}

/** Where there are more names than can be listed, those of the holdout are counted as they first occur; any other is -1. */
function readOpen({ names = [], contract }: Answers, { truth }: HeldOut): Float64Array {
  const index = indexNames(truth.names.map((label) => nameClass(contract, label)));
  return Float64Array.from(names, (name) => index.get(name) ?? -1);
}

function indexNames(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...new Set(names)].map((name, place) => [name, place]));
}

function checkFile({ holdoutDigest }: Answers, { digest }: HeldOut, who: string): readonly Problem[] {
  if (holdoutDigest === digest) return [];
  return [
    {
      code: 'other-holdout',
      message: `The answers of the ${who} are to another holdout: ${holdoutDigest}, and the default branch's is ${digest}.`,
      remedy: 'Predict again; both jobs must read the same file.',
    },
  ];
}

/** A class that stands twice would make a wrong answer right. */
function checkClasses({ classes }: Answers, who: string): readonly Problem[] {
  const repeated = classes.length - new Set(classes).size;
  if (repeated === 0) return [];
  return [
    {
      code: 'repeated-classes',
      message: `${repeated} of the ${classes.length} classes of the ${who} stand there more than once.`,
      remedy: 'Give every class its own name.',
    },
  ];
}

function checkIds({ ids }: Answers, held: HeldOut, who: string): readonly Problem[] {
  const wanted = new Set(held.ids);
  const given = new Set(ids);
  const unknown = given.difference(wanted).size;
  const missing = wanted.difference(given).size;
  const repeated = ids.length - given.size;
  if (unknown === 0 && missing === 0 && repeated === 0) return [];
  const counts = [
    [missing, 'without an answer'],
    [repeated, 'answered more than once'],
    [unknown, 'that the holdout does not have'],
  ] as const;
  const told = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  return [
    {
      code: 'other-examples',
      message: `The ${who} gives ${ids.length} answers to the ${held.ids.length} examples of the holdout: ${told.join(', ')}.`,
      remedy:
        'Predict again with the runtime of this version: every example of data.holdout.path gets one answer.',
    },
  ];
}
