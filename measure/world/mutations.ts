/** A fault put back: a text of a file as it is, and as it was with the fault. */
export type Mutation = {
  readonly name: string;
  /** What is broken by it. */
  readonly fault: string;
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[];
};

/** Faults that were found in the running product, each of which the world has to find again. */
export const MUTATIONS: readonly Mutation[] = [];
