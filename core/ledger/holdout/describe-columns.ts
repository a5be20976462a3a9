/** What the columns of a holdout mean, as it is declared or as the ledger has it. */
export type ColumnMeanings = {
  readonly target: string;
  readonly slices: readonly string[];
  readonly inputs?: readonly string[] | undefined;
} & { readonly [K in 'id' | 'group' | 'time']?: string | undefined };

/** The meanings as a text: one holdout is read as another where these are the same. */
export function describeColumns({ target, id, group, time, slices, inputs }: ColumnMeanings): string {
  return JSON.stringify([target, id, group, time, slices, inputs]);
}
