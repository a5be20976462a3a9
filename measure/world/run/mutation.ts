/** A fault put back: texts of files as they are, and as they were with the fault. */
export type Mutation = {
  readonly name: string;
  /** What is broken by it. */
  readonly fault: string;
  /** The invariant that has to find it: to put the fault back takes guards away that stand before others too. */
  readonly by?: string;
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
};
