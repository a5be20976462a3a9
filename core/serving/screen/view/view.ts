/** How good or bad something is, for its colour; words say it too. */
export type Tone = 'good' | 'warn' | 'bad' | 'plain';

/** One thing that is said, with its name where it has one. */
export type Fact = { readonly name: string; readonly text: string; readonly tone: Tone };

/** A text in a table; `share` (0 to 1) is drawn behind it. */
export type TableCell = { readonly text: string; readonly tone?: Tone; readonly share?: number };

/** A table; the first cell of a row names it. Columns of numbers stand to the right. */
export type TableView = {
  readonly caption: string;
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[];
  readonly rows: readonly (readonly TableCell[])[];
  /** What is said in its place where there are no rows. */
  readonly empty: string;
};

/** Which version a line or a bar is of. */
export type Arm = 'stable' | 'candidate';

/** Lines over time. `xs` are seconds since 1970; a value is `null` where nothing is known. */
export type ChartView = {
  readonly title: string;
  readonly xs: readonly number[];
  readonly lines: readonly {
    readonly name: string;
    readonly arm: Arm;
    readonly values: readonly (number | null)[];
  }[];
  readonly limit?: { readonly name: string; readonly value: number };
  /** What the numbers are. */
  readonly unit: 'per-second' | 'share' | 'ms' | 'evidence';
  /** What it shows, in words. */
  readonly summary: string;
  readonly table: TableView;
};

/** Columns by name; those that begin with `#` hold numbers. */
export function columns(...names: readonly string[]): TableView['columns'] {
  return names.map((name) => ({ name: name.replace(/^#/, ''), isNumber: name.startsWith('#') }));
}

/** A cell that only says something. */
export function cell(text: string, tone: Tone = 'plain'): TableCell {
  return tone === 'plain' ? { text } : { text, tone };
}
