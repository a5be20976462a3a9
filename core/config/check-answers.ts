import { JUDGED_TASKS, LABEL_SEPARATOR } from '../answers/contract.ts';
import type { CrossProblem } from './cross-problem.ts';
import type { RawAnswers } from './schema/answers.ts';

/** Tasks whose answers are classes that can be listed. */
const CLASSIFICATION: ReadonlySet<string> = new Set(['binary', 'multiclass', 'multilabel']);
const JUDGED: ReadonlySet<string> = new Set(JUDGED_TASKS);

/** What is wrong with what is said of the answers, beyond what each key alone shows. */
export function checkAnswers(answers: RawAnswers | undefined): readonly CrossProblem[] {
  if (answers === undefined) return [];
  return [
    ...checkTask(answers),
    ...checkClasses(answers),
    ...checkManyLabels(answers),
    ...checkPositive(answers),
    ...checkLabels(answers),
  ];
}

function checkTask({ task, classes, positive, labels, scores }: RawAnswers): readonly CrossProblem[] {
  if (task === undefined || CLASSIFICATION.has(task)) return [];
  if (!JUDGED.has(task)) {
    const message = `\`${task}\` is a task that is not judged yet.`;
    const remedy = `Judge such a model by a number per row: \`task: text\` with metrics of your own (\`data.holdout.metrics\`).`;
    return [problem('task-not-judged', 'task', { message, remedy })];
  }
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
