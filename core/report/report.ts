import type { Sign } from './signs.ts';

/**
 * A piece of a line. A bare string may come from anywhere (a user, a model, an error) and is shown as it is, never as markup; what
 * stands in backticks in it is shown as code.
 */
export type Span =
  | string
  | { readonly kind: 'strong'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly url: string };

/** One line. Spans follow each other without anything between them. */
export type Text = string | readonly Span[];

/** A column of a table; numbers stand better at its right. */
export type Column = string | { readonly title: string; readonly align: 'right' };

/**
 * How something went, value by value, beside a level that matters, which is a line of its own. A picture only: what it shows has to
 * stand in words beside it, since a mail and a terminal draw none.
 */
export type Chart = {
  readonly kind: 'chart';
  readonly title: string;
  /** What is counted from left to right, and what from bottom to top. */
  readonly x: string;
  readonly y: string;
  readonly values: readonly number[];
  readonly level: number;
};

/** A part of a report. */
export type Block =
  | { readonly kind: 'heading'; readonly text: Text }
  | { readonly kind: 'paragraph'; readonly text: Text }
  | { readonly kind: 'warning'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  /** Each row has as many cells as there are columns. */
  | {
      readonly kind: 'table';
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Text[])[];
    }
  /** Lines shown as they are, in a fixed width. */
  | { readonly kind: 'code'; readonly text: string }
  | Chart
  /** Folded under its title until a reader opens it. */
  | { readonly kind: 'details'; readonly title: string; readonly blocks: readonly Block[] };

/**
 * What an action has to say to people. It is data: `renderMarkdown` alone decides how it looks, escapes what it prints and keeps
 * within what GitHub takes. What matters most comes first, since it is cut from the end.
 */
export type Report = {
  /** How it ended; begins the title. */
  readonly sign: Sign;
  /** What it is about; ends the title. */
  readonly about?: string;
  readonly blocks: readonly Block[];
  /** What the reader can do now. It comes last and is kept when the blocks before it have to be cut. */
  readonly foot?: readonly Block[];
};

/** A column whose cells are numbers. */
export function alignRight(title: string): Column {
  return { title, align: 'right' };
}

/** A table of names and values without a head, in the order of their importance. */
export function tableOfFacts(facts: readonly (readonly [name: string, value: Text])[]): Block {
  return { kind: 'table', columns: ['', ''], rows: facts };
}
