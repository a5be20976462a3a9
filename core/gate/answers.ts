import type { AnswersContract, AnswersKey, Task } from '../answers/contract.ts';

/**
 * What one model answered to the examples of the holdout, as a job that ran it wrote it down: one entry per row in every list. What is
 * true of an example is not in it.
 */
export type Answers = {
  readonly task: Task;
  /** Class names in the order of their index; for binary the second is the positive one. Quantiles as they are written. Empty where none are listed. */
  readonly classes: readonly string[];
  /** Whether the classes are all that the model can answer; else they are the holdout's own labels, and any other answer is wrong. */
  readonly isClosed: boolean;
  /** What the answers were read by, and the keys of it that nobody had stated. */
  readonly contract: AnswersContract;
  readonly inferred: readonly AnswersKey[];
  readonly ids: readonly string[];
  /** Class index (-1: none of the classes), or value. */
  readonly predictions: Float64Array;
  /** The answers as they are written, where there are more than can be listed. */
  readonly names?: readonly string[];
  /** Of an answer of several parts each: for multilabel whether the class is answered (1 or 0), for quantiles each; one list per class or quantile. */
  readonly parts?: readonly Float64Array[];
  /** Probability of each class, one list per class; empty for regression or when the model gives none. */
  readonly scores: readonly Float64Array[];
  /** A user's own metric as one number per row. */
  readonly rowMetrics: Readonly<Record<string, Float64Array>>;
  /** The file that the model was asked about. */
  readonly holdoutDigest: string;
};
