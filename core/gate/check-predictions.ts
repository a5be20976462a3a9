import type { Problem } from '../errors.ts';
import { findMisread } from './find-misread.ts';
import type { Predictions } from './predictions.ts';

/** Everything that makes one set of predictions unfit to be judged; `who` names the model in the messages. */
export function checkPredictions(predictions: Predictions, who: string): readonly Problem[] {
  if (predictions.ids.length === 0) return [noRows(who)];
  const lengths = checkLengths(predictions, who);
  if (lengths.length > 0) return lengths;
  const unfit = [
    ...checkIds(predictions, who),
    ...checkNumbers(predictions, who),
    ...checkClasses(predictions, who),
  ];
  return unfit.length > 0 || predictions.isSettled === true ? unfit : findMisread(predictions, who);
}

function noRows(who: string): Problem {
  return {
    code: 'no-rows',
    message: `There are no predictions of the ${who}.`,
    remedy: 'Check that the holdout has rows and that the model was run on them.',
  };
}

function checkLengths(predictions: Predictions, who: string): Problem[] {
  const rows = predictions.ids.length;
  const lists: [string, number][] = [
    ['labels', predictions.labels.length],
    ['predictions', predictions.predictions.length],
    ...predictions.scores.map((column, index): [string, number] => [
      `scores of class ${index}`,
      column.length,
    ]),
    ...[...(predictions.truths ?? []), ...(predictions.parts ?? [])].map((column): [string, number] => [
      'labels or answers of a class',
      column.length,
    ]),
    ...Object.entries(predictions.slices).map(([column, values]): [string, number] => [
      `slice ${column}`,
      values.length,
    ]),
    ...Object.entries(predictions.rowMetrics ?? {}).map(([name, values]): [string, number] => [
      name,
      values.length,
    ]),
  ];
  if (predictions.groups !== undefined) lists.push(['groups', predictions.groups.length]);
  return lists
    .filter(([, length]) => length !== rows)
    .map(([name, length]) => ({
      code: 'length-mismatch',
      message: `The ${who} has ${rows} ids but ${length} values in ${name}.`,
      remedy: 'Write one value per example in every column.',
    }));
}

function checkIds(predictions: Predictions, who: string): Problem[] {
  const seen = new Set<string>();
  const repeated = predictions.ids.filter((id) => seen.size === seen.add(id).size);
  if (repeated.length === 0) return [];
  return [
    {
      code: 'duplicate-id',
      message: `${repeated.length} ids of the ${who} occur more than once, such as ${JSON.stringify(repeated[0])}.`,
      remedy:
        'Give each example of the holdout its own id; name repeated users or patients in the group column.',
    },
  ];
}

function checkNumbers(predictions: Predictions, who: string): Problem[] {
  const columns: [string, string, Float64Array][] = [
    ['not-finite-label', 'labels', predictions.labels],
    ['not-finite-prediction', 'predictions', predictions.predictions],
    ...predictions.scores.map((column, index): [string, string, Float64Array] => [
      'not-finite-score',
      `scores of class ${predictions.classes[index] ?? index}`,
      column,
    ]),
    ...Object.entries(predictions.rowMetrics ?? {}).map(([name, values]): [string, string, Float64Array] => [
      'not-finite-metric',
      name,
      values,
    ]),
  ];
  return columns.flatMap(([code, name, values]) => {
    const bad = indicesWhere(values, (value) => !Number.isFinite(value));
    if (bad.length === 0) return [];
    const first = bad[0] ?? 0;
    const place = `${String(values[first])} at id ${JSON.stringify(predictions.ids[first])}`;
    return [
      {
        code,
        message: `${bad.length} of ${values.length} ${name} of the ${who} are not finite numbers (${place}).`,
        remedy:
          'Find the examples that give NaN or infinity and mend the model or the data; they are never skipped.',
      },
    ];
  });
}

function checkClasses(predictions: Predictions, who: string): Problem[] {
  const { task, classes, scores, isOpen = false } = predictions;
  if (task === 'open') return checkOpenLabels(predictions);
  if (task === 'multilabel') return checkManyLabels(predictions, who);
  if (task === 'quantiles') return checkQuantiles(predictions, who);
  if (task === 'ranking') return checkQueries(predictions);
  if (task !== 'binary' && task !== 'multiclass') return [];
  const problems: Problem[] = [];
  if (task === 'binary' && classes.length !== 2) problems.push(wrongClassCount(classes.length, who));
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < classes.length;
  for (const [name, values] of [
    ['labels', predictions.labels],
    ['predictions', predictions.predictions],
  ] as const) {
    const isKnown = (value: number) => isClass(value) || (isOpen && name === 'predictions' && value === -1);
    const bad = indicesWhere(values, (value) => Number.isFinite(value) && !isKnown(value));
    if (bad.length > 0) {
      problems.push(unknownClass({ name, bad: bad.length, rows: values.length, count: classes.length, who }));
    }
  }
  const columnsFit =
    scores.length === 0 || scores.length === classes.length || (task === 'binary' && scores.length === 1);
  if (!columnsFit) problems.push(wrongScoreColumns(scores.length, classes.length, who));
  return problems;
}

/** A class is answered or it is not, and each has its column. */
function checkManyLabels({ classes, truths = [], parts = [], scores }: Predictions, who: string): Problem[] {
  const widths = [truths.length, parts.length, ...(scores.length === 0 ? [] : [scores.length])];
  const other = widths.find((width) => width !== classes.length);
  if (other !== undefined) return [wrongScoreColumns(other, classes.length, who)];
  const bad = parts.reduce(
    (count, column) => count + indicesWhere(column, (value) => value !== 0 && value !== 1).length,
    0,
  );
  if (bad === 0) return [];
  return [
    {
      code: 'not-an-indicator',
      message: `${bad} answers of the ${who} are neither 1 (the row has the class) nor 0.`,
      remedy: 'Predict again with the runtime of this version.',
    },
  ];
}

/** Each quantile has its column of numbers. */
function checkQuantiles({ classes, parts = [] }: Predictions, who: string): Problem[] {
  if (parts.length !== classes.length) return [wrongScoreColumns(parts.length, classes.length, who)];
  const bad = parts.reduce(
    (count, column) => count + indicesWhere(column, (value) => !Number.isFinite(value)).length,
    0,
  );
  if (bad === 0) return [];
  return [
    {
      code: 'not-finite-prediction',
      message: `${bad} quantiles of the ${who} are not finite numbers.`,
      remedy: 'Find the examples that give NaN or infinity and mend the model or the data.',
    },
  ];
}

/** Rows without a query would be ranked among each other as if they were of one. */
function checkQueries({ groups, ids }: Predictions): Problem[] {
  const without = groups?.filter((name) => name === '').length ?? ids.length;
  if (without === 0) return [];
  const message =
    groups === undefined
      ? 'Rows are ranked within their query, and nothing says which rows are of one.'
      : `Rows are ranked within their query, and ${without} of ${ids.length} rows of the holdout name none.`;
  const remedy =
    groups === undefined
      ? 'Name the column of the query under data.holdout.group in trainyard.yml of the default branch.'
      : 'Name the query of each row in the column data.holdout.group, or leave these rows out of the file.';
  return [{ code: 'ranking-without-queries', message, remedy }];
}

/** A label without a place would be equal to every answer that has none. */
function checkOpenLabels({ labels }: Predictions): Problem[] {
  const bad = indicesWhere(labels, (label) => label < 0);
  if (bad.length === 0) return [];
  return [
    {
      code: 'unknown-class',
      message: `${bad.length} of ${labels.length} labels of the holdout stand for nothing that could be answered.`,
      remedy: 'Report this with the `answers` of trainyard.yml: every label names what it stands for.',
    },
  ];
}

function wrongClassCount(count: number, who: string): Problem {
  return {
    code: 'wrong-class-count',
    message: `The ${who}'s task is binary but ${count} classes are named.`,
    remedy: 'Name exactly two classes, the positive one second, or call the task multiclass.',
  };
}

/** So many values of `name` (labels or predictions) that are no index of the `count` classes of model `who`. */
type UnknownClass = {
  readonly name: 'labels' | 'predictions';
  readonly bad: number;
  readonly rows: number;
  readonly count: number;
  readonly who: string;
};

function unknownClass({ name, bad, rows, count, who }: UnknownClass): Problem {
  return {
    code: 'unknown-class',
    message: `${bad} of ${rows} ${name === 'labels' ? 'labels of the holdout' : `answers of the ${who}`} are none of the ${count} classes of the ${who}.`,
    remedy:
      'List every class under `answers.classes` in trainyard.yml of the default branch; say under `answers.labels` what labels that are written otherwise stand for.',
  };
}

function wrongScoreColumns(columns: number, classes: number, who: string): Problem {
  return {
    code: 'wrong-score-columns',
    message: `The ${who} gives ${columns} score columns for ${classes} classes.`,
    remedy: 'Give one probability per class, in the order of the classes, or none at all.',
  };
}

function indicesWhere(values: Float64Array, holds: (value: number) => boolean): number[] {
  const indices: number[] = [];
  for (const [index, value] of values.entries()) if (holds(value)) indices.push(index);
  return indices;
}
