import type { Task } from './predictions.ts';

/**
 * What one model answered to the examples of the holdout, as a job that ran it wrote it down: one entry per row in every list. What is
 * true of an example is not in it.
 */
export type Answers = {
  readonly task: Task;
  /** Class names in the order of their index; for binary the second is the positive one. Empty for regression. */
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  /** Class index (-1: none of the classes), or value. */
  readonly predictions: Float64Array;
  /** Probability of each class, one list per class; empty for regression or when the model gives none. */
  readonly scores: readonly Float64Array[];
  /** A user's own metric as one number per row. */
  readonly rowMetrics: Readonly<Record<string, Float64Array>>;
  /** The file that the model was asked about. */
  readonly holdoutDigest: string;
};
