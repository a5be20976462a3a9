/** Where the script of a training keeps its checkpoints, and how these outlive its runner. */
export type Checkpoints = {
  /** The folder that the script writes; an absolute path. */
  readonly folder: string;
  /** Takes out of the folder whatever is there: this training begins anew. */
  readonly empty: () => Promise<void>;
  /**
   * Fills the folder with what earlier attempts have left of this run. Gives whether there is something to go on from; rejects where that
   * can't be told now.
   */
  readonly restore: (runId: string) => Promise<boolean>;
  /**
   * Keeps what is in the folder where another runner finds it, when it is new and nobody is writing it, as far as can be told; or the
   * script has ended (`isLast`). Nobody is told of it unless `require` resolves: that this attempt still holds the training.
   */
  readonly keep: (
    runId: string,
    options: { readonly isLast: boolean; readonly require: () => Promise<void> },
  ) => Promise<void>;
  /** Removes the folder: nothing will go on from it any more. */
  readonly clear: () => Promise<void>;
};
