import type { Cell } from './cell.ts';

/** The columns that are asked for; those of `typed` are read by their type where the format has none of its own. */
export type ColumnNames = {
  readonly all: readonly string[];
  readonly typed: readonly string[];
  /** Columns whose dates are read as ISO 8601. */
  readonly times?: readonly string[];
};

/** What a file holds: the names of all its columns, and the values of those that were asked for. */
export type Columns = {
  readonly names: readonly string[];
  /** Throws an UnreadableError for a column of a type that stands for no label, id, group or slice. */
  readonly read: (name: string) => readonly Cell[] | Promise<readonly Cell[]>;
};
