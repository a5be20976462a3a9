import type { Problem } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { checkPredictions } from './check-predictions.ts';

/** What a model answers: one of two classes, one of many, or a number. */
export type Task = 'binary' | 'multiclass' | 'regression';

/** One model's answers on the holdout, one entry per row in every list. */
export type Predictions = {
  readonly task: Task;
  /** Class names in the order of their index; for binary the second is the positive one. Empty for regression. */
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  /** The truth: class index, or target value. */
  readonly labels: Float64Array;
  /** The model's answer: class index, or value. */
  readonly predictions: Float64Array;
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
  readonly scores: readonly Float64Array[];
  readonly rowMetrics: Readonly<Record<string, Float64Array>>;
};

/** The rows of a holdout, without any model. */
export type Sample = {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  readonly labels: Float64Array;
  readonly groups: readonly string[] | undefined;
  readonly slices: Readonly<Record<string, readonly string[]>>;
};

/** Two models' answers on the same rows, in the same order. */
export type Pair = { readonly sample: Sample; readonly champion: Side; readonly challenger: Side };

/** The rows of one set of predictions. */
export function sampleOf(predictions: Predictions): Sample {
  const { task, classes, ids, labels, groups, slices } = predictions;
  return { task, classes, ids, labels, groups, slices };
}

/** The answers of one set of predictions. */
export function sideOf(predictions: Predictions): Side {
  return {
    predictions: predictions.predictions,
    scores: predictions.scores,
    rowMetrics: predictions.rowMetrics ?? {},
  };
}

/**
 * Lays two models' predictions side by side by id, in the challenger's order. Every reason why they cannot be compared is a problem:
 * bad values in either, other examples, other labels, another task or other classes.
 */
export function pairPredictions(champion: Predictions, challenger: Predictions): Result<Pair, Problem[]> {
  const own = [...checkPredictions(champion, 'champion'), ...checkPredictions(challenger, 'challenger')];
  if (own.length > 0) return err(own);
  const shape = differingShape(champion, challenger);
  if (shape !== undefined) return err([shape]);
  const rows = rowsInOrder(champion.ids, challenger.ids);
  if (!rows.ok) return err([rows.error]);
  const reordered = sideAt(sideOf(champion), rows.value);
  const labels = Float64Array.from(rows.value, (row) => champion.labels[row] ?? Number.NaN);
  const relabelled = labels.reduce(
    (count, label, row) => count + (label === challenger.labels[row] ? 0 : 1),
    0,
  );
  if (relabelled > 0) return err([differentLabels(relabelled, labels.length)]);
  return ok({ sample: sampleOf(challenger), champion: reordered, challenger: sideOf(challenger) });
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
    groups: sample.groups === undefined ? undefined : pick(sample.groups),
    slices: Object.fromEntries(slices),
  };
}

/** The answers at these rows, in that order. */
export function sideAt(side: Side, rows: ArrayLike<number>): Side {
  const own = Object.entries(side.rowMetrics).map(
    ([name, values]) => [name, pickNumbers(values, rows)] as const,
  );
  return {
    predictions: pickNumbers(side.predictions, rows),
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

function pickNumbers(values: Float64Array, rows: ArrayLike<number>): Float64Array {
  return Float64Array.from(rows, (row) => values[row] ?? Number.NaN);
}

function differingShape(champion: Predictions, challenger: Predictions): Problem | undefined {
  if (champion.task !== challenger.task) {
    return {
      code: 'different-task',
      message: `The champion does ${champion.task} and the challenger ${challenger.task}.`,
      remedy: 'Compare models of the same task, or start a new model name for the new task.',
    };
  }
  if (champion.classes.join('\0') === challenger.classes.join('\0')) return undefined;
  return {
    code: 'different-classes',
    message: `The champion knows the classes ${list(champion.classes)}, the challenger ${list(challenger.classes)}.`,
    remedy: 'Give both models the same classes in the same order, or start a new model name.',
  };
}

/** For each id of `wanted` its row in `ids`; both hold each id once. */
function rowsInOrder(ids: readonly string[], wanted: readonly string[]): Result<Uint32Array, Problem> {
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const missing = wanted.filter((id) => !rowOf.has(id));
  const wantedIds = new Set(wanted);
  const extra = ids.filter((id) => !wantedIds.has(id));
  if (missing.length === 0 && extra.length === 0) {
    return ok(Uint32Array.from(wanted, (id) => rowOf.get(id) ?? 0));
  }
  const only = (count: number, first: string | undefined, who: string): string =>
    first === undefined ? '' : ` ${count} only the ${who} has (such as ${JSON.stringify(first)}).`;
  return err({
    code: 'different-examples',
    message:
      `Champion and challenger were not run on the same examples:` +
      `${only(extra.length, extra[0], 'champion')}${only(missing.length, missing[0], 'challenger')}`,
    remedy: 'Run both models on the same holdout, with the same id column.',
  });
}

function differentLabels(count: number, rows: number): Problem {
  return {
    code: 'different-labels',
    message: `${count} of ${rows} examples have another label in the champion's predictions than in the challenger's.`,
    remedy:
      'Predict again with both models on the present holdout: its labels have changed between the two runs.',
  };
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown}, … (${names.length})` : shown || '(none)';
}
