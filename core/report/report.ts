import type { Verdict } from '../verdict.ts';

/** A text from elsewhere (a user, a model, an error): shown as it is, never as markup. */
export type Plain = string;

export type Table = {
  readonly columns: readonly string[];
  /** As many cells as there are columns. */
  readonly rows: readonly (readonly Plain[])[];
};

export type Link = { readonly text: Plain; readonly url: string };

/** A part of a report. Markdown folds it unless it is `open`. */
export type ReportSection = {
  readonly title: Plain;
  readonly open?: boolean;
  readonly text?: Plain;
  readonly table?: Table;
  readonly list?: readonly Plain[];
  /** Shown as it is in a fixed-width block. */
  readonly code?: string;
};

/**
 * What an action has to say, for people: the log, the job summary and the comment show the same report. The headline comes first and
 * alone must be enough.
 */
export type Report = {
  readonly title: Plain;
  readonly verdict?: Verdict;
  /** One sentence: what was decided, and why. */
  readonly headline: Plain;
  /** Name and value, in the order of their importance. */
  readonly facts: readonly (readonly [name: Plain, value: Plain])[];
  readonly sections: readonly ReportSection[];
  /** What the reader can do now; commands go in backticks. */
  readonly nextSteps: readonly Plain[];
  readonly links: readonly Link[];
};

/** A report without anything but its headline, to build on. */
export function startReport(title: string, headline: string): Report {
  return { title, headline, facts: [], sections: [], nextSteps: [], links: [] };
}
