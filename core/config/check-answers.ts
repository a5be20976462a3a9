import { LABEL_SEPARATOR } from '../answers/contract.ts';
import type { CrossProblem } from './cross-problem.ts';
import type { RawAnswers } from './schema/answers.ts';

/** Tasks whose answers are classes that can be listed. */
const CLASSIFICATION: ReadonlySet<string> = new Set(['binary', 'multiclass', 'multilabel']);

/** What is wrong with what is said of the answers, beyond what each key alone shows. */
export function checkAnswers(answers: RawAnswers | undefined): readonly CrossProblem[] {
  if (answers === undefined) return [];
  return [
    ...checkTask(answers),
    ...checkClasses(answers),
    ...checkManyLabels(answers),
    ...checkQuantiles(answers),
    ...checkPositive(answers),
    ...checkLabels(answers),
  ];
}

function checkTask({ task, classes, positive, labels, scores }: RawAnswers): readonly CrossProblem[] {
  if (task === undefined || CLASSIFICATION.has(task)) return [];
  const said = { classes, positive, labels: task === 'open' ? undefined : labels, scores };
  return Object.entries(said)
    .filter(([, value]) => value !== undefined)
    .map(([key]) =>
      problem('no-classes-for-task', key, {
        message: `A model of the task \`${task}\` has no listed classes.`,
        remedy: 'Leave this key out, or make the task `binary`, `multiclass` or `multilabel`.',
      }),
    );
}

function checkClasses({ task, classes }: RawAnswers): readonly CrossProblem[] {
  if (classes === undefined) return [];
  const repeated = classes.length - new Set(classes).size;
  if (repeated > 0) {
    const message = `${repeated} of the ${classes.length} classes stand there more than once.`;
    return [problem('repeated-class', 'classes', { message, remedy: 'Name each class once.' })];
  }
  const isFew = classes.length < 2 || (task === 'binary' && classes.length !== 2);
  if (!isFew) return [];
  const message = `${classes.length} classes are named for the task \`${task ?? 'multiclass'}\`.`;
  const remedy = 'Name two classes for `binary`, and two or more for `multiclass` and `multilabel`.';
  return [problem('class-count', 'classes', { message, remedy })];
}

/** A column for each class says nothing of which it is of, and a row without any of them is no class of its own. */
function checkManyLabels({ task, classes }: RawAnswers): readonly CrossProblem[] {
  if (task !== 'multilabel') return [];
  if (classes === undefined) {
    const message = 'Nothing says which classes a row may have.';
    const remedy = 'List them under `answers.classes`, in the order in which the model answers them.';
    return [problem('classes-unstated', 'task', { message, remedy })];
  }
  const cut = classes.filter((name) => name.includes(LABEL_SEPARATOR) || name !== name.trim());
  if (cut.length === 0) return [];
  const message = `${cut.length} classes hold a \`${LABEL_SEPARATOR}\`, which stands between the classes of a row, or begin or end with a space.`;
  return [problem('class-with-separator', 'classes', { message, remedy: 'Call them otherwise.' })];
}

/** Nothing in a number tells which quantile it is. */
function checkQuantiles({ task, quantiles }: RawAnswers): readonly CrossProblem[] {
  if (task !== 'quantiles') {
    if (quantiles === undefined) return [];
    const message = 'Only a model of the task `quantiles` answers several of them.';
    const remedy = 'Add `task: quantiles`, or leave this key out.';
    return [problem('quantiles-for-task', 'quantiles', { message, remedy })];
  }
  if (quantiles === undefined) {
    const message = 'Nothing says which quantiles the model predicts.';
    const remedy = 'List them in the order of the answers, such as `quantiles: [0.1, 0.5, 0.9]`.';
    return [problem('quantiles-unstated', 'task', { message, remedy })];
  }
  const isIncreasing = quantiles.every((one, place) => place === 0 || one > (quantiles[place - 1] ?? 1));
  if (isIncreasing && quantiles.length > 1) return [];
  const message = `The quantiles ${quantiles.join(', ')} are not several that increase.`;
  const remedy =
    'List two or more from the lowest on, and their columns in the same order. One alone is `task: regression`, judged by `pinball`.';
  return [problem('quantiles-order', 'quantiles', { message, remedy })];
}

function checkPositive({ task, classes, positive }: RawAnswers): readonly CrossProblem[] {
  if (positive === undefined) return [];
  if (task === 'multiclass' || task === 'multilabel' || (classes !== undefined && classes.length > 2)) {
    const message = 'Of more than two classes, or of several that a row may have, none is the positive one.';
    return [problem('positive-of-many', 'positive', { message, remedy: 'Leave `positive` out.' })];
  }
  if (classes === undefined || classes.includes(positive)) return [];
  const message = `\`${positive}\` is none of the classes.`;
  return [problem('unknown-class', 'positive', { message, remedy: 'Name one of `answers.classes`.' })];
}

function checkLabels({ classes, labels }: RawAnswers): readonly CrossProblem[] {
  if (classes === undefined || labels === undefined) return [];
  return Object.entries(labels)
    .filter(([, name]) => !classes.includes(name))
    .map(([label, name]) => ({
      code: 'unknown-class',
      path: ['labels', label],
      message: `\`${name}\` is none of the classes.`,
      remedy: 'Let each label stand for one of `answers.classes`.',
    }));
}

function problem(
  code: string,
  key: string,
  told: { readonly message: string; readonly remedy: string },
): CrossProblem {
  return { code, path: [key], ...told };
}
