import type { Task } from '../answers/contract.ts';

/** One model's answers on the holdout, one entry per row in every list. */
export type Predictions = {
  readonly task: Task;
  /** Class names in the order of their index; for binary the second is the positive one. Quantiles as they are written. Empty for regression. */
  readonly classes: readonly string[];
  /** Whether a model may answer what is none of the classes (-1): that is wrong, and no fault of the file. */
  readonly isOpen?: boolean;
  /** Whether an earlier judgement has settled what the answers mean: then they may be as wrong as if they were misread. */
  readonly isSettled?: boolean;
  readonly ids: readonly string[];
  /** The truth: class index, target value, or relevance; 0 for multilabel, of which it stands in `truths`. */
  readonly labels: Float64Array;
  /** The model's answer: class index, value, score, or the middle quantile; for multilabel of how many classes it is wrong. */
  readonly predictions: Float64Array;
  /** For multilabel whether the row has the class (1 or 0), one list per class. */
  readonly truths?: readonly Float64Array[];
  /** The model's answer of several parts: for multilabel whether the class is answered (1 or 0), for quantiles each. */
  readonly parts?: readonly Float64Array[];
  /** Probability of each class, one list per class; empty for regression or when the model gives none. */
  readonly scores: readonly Float64Array[];
  /** Rows with the same name depend on each other (one user, one patient); `undefined` when rows are independent. */
  readonly groups: readonly string[] | undefined;
  /** Column name to the value of each row. */
  readonly slices: Readonly<Record<string, readonly string[]>>;
  /** A user's own metric as one number per row, of which the mean is the metric; higher is better. */
  readonly rowMetrics?: Readonly<Record<string, Float64Array>>;
};

/** What one model said, in the rows of a `Sample`. */
export type Side = {
  readonly predictions: Float64Array;
  readonly parts: readonly Float64Array[];
  readonly scores: readonly Float64Array[];
  readonly rowMetrics: Readonly<Record<string, Float64Array>>;
};

/** The rows of a holdout, without any model. */
export type Sample = {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  readonly labels: Float64Array;
  readonly truths: readonly Float64Array[];
  readonly groups: readonly string[] | undefined;
  readonly slices: Readonly<Record<string, readonly string[]>>;
};

/** Two models' answers on the same rows, in the same order. */
export type Pair = { readonly sample: Sample; readonly champion: Side; readonly challenger: Side };

/** The rows of one set of predictions. */
export function sampleOf(predictions: Predictions): Sample {
  const { task, classes, ids, labels, truths = [], groups, slices } = predictions;
  return { task, classes, ids, labels, truths, groups, slices };
}

/** The answers of one set of predictions. */
export function sideOf(predictions: Predictions): Side {
  return {
    predictions: predictions.predictions,
    parts: predictions.parts ?? [],
    scores: predictions.scores,
    rowMetrics: predictions.rowMetrics ?? {},
  };
}

/** The rows of a sample at these places, in that order. */
export function sampleAt(sample: Sample, rows: ArrayLike<number>): Sample {
  const pick = (values: readonly string[]): string[] => Array.from(rows, (row) => values[row] ?? '');
  const slices = Object.entries(sample.slices).map(([column, values]) => [column, pick(values)] as const);
  return {
    task: sample.task,
    classes: sample.classes,
    ids: pick(sample.ids),
    labels: pickNumbers(sample.labels, rows),
    truths: sample.truths.map((column) => pickNumbers(column, rows)),
    groups: sample.groups === undefined ? undefined : pick(sample.groups),
    slices: Object.fromEntries(slices),
  };
}

/** The answers at these rows, in that order. Scores of many classes are many: where all rows are wanted as they stand nothing is copied. */
export function sideAt(side: Side, rows: ArrayLike<number>): Side {
  if (areAll(rows, side.predictions.length)) return side;
  const own = Object.entries(side.rowMetrics).map(
    ([name, values]) => [name, pickNumbers(values, rows)] as const,
  );
  return {
    predictions: pickNumbers(side.predictions, rows),
    parts: side.parts.map((column) => pickNumbers(column, rows)),
    scores: side.scores.map((column) => pickNumbers(column, rows)),
    rowMetrics: Object.fromEntries(own),
  };
}

/** A pair at these rows. */
export function pairAt(pair: Pair, rows: ArrayLike<number>): Pair {
  return {
    sample: sampleAt(pair.sample, rows),
    champion: sideAt(pair.champion, rows),
    challenger: sideAt(pair.challenger, rows),
  };
}

/** Classes and values alone, for who looks at nothing else. */
export function answersAlone({ predictions, parts }: Side): Side {
  return { predictions, parts, scores: [], rowMetrics: {} };
}

/** Whether these are all rows, in the order in which they stand. */
export function areAll(rows: ArrayLike<number>, size: number): boolean {
  for (let place = 0; place < rows.length; place += 1) if (rows[place] !== place) return false;
  return rows.length === size;
}

/** The values at these rows, in that order. */
export function pickNumbers(values: Float64Array, rows: ArrayLike<number>): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) {
    picked[place] = values[rows[place] ?? Number.NaN] ?? Number.NaN;
  }
  return picked;
}

/** An answer's place among as many as there are classes and one more: what is none of them stands behind them. */
export function placeOf({ classes }: Pick<Sample, 'classes'>, answer: number | undefined): number {
  return answer === undefined || answer < 0 ? classes.length : answer;
}
