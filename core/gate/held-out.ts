/** The truth of each example: the class's name as it is written, and the number it stands for (NaN where it is none). */
export type Truth = { readonly names: readonly string[]; readonly numbers: Float64Array };

/**
 * What the gate knows of the holdout beside the models' answers, one entry per example in every list. It was read by whoever judges:
 * no job that ran a model has touched it.
 */
export type HeldOut = {
  /** SHA-256 of the file. */
  readonly digest: string;
  readonly ids: readonly string[];
  readonly truth: Truth;
  /** Rows with the same name depend on each other; `undefined` when rows are independent. */
  readonly groups: readonly string[] | undefined;
  /** What was taken for a group where none is named, or why nothing was. */
  readonly groupNote?: string;
  /** Column name to the value of each row. */
  readonly slices: Readonly<Record<string, readonly string[]>>;
};
