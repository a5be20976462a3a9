import type { Problem } from '../core/errors.ts';

/** Where words go. Whatever is printed is plain: no line of it is a command to a runner or a terminal. */
export type Printer = {
  readonly line: (text: string) => void;
  readonly trouble: (text: string) => void;
  /** An annotation on a file, where a runner of GitHub Actions reads along. */
  readonly annotate: (level: 'error' | 'warning', problem: Problem) => void;
};

/** A terminal that somebody looks at. */
export type Terminal = {
  readonly columns: () => number;
  /** Shows these lines in the place of those before. */
  readonly show: (lines: readonly string[]) => void;
  /** Hears of each key until what it gives is called. */
  readonly onKey: (listener: (key: string) => void) => () => void;
};

/** What a command finds around it. */
export type Surroundings = {
  /** The folder of this package, with the runtime and the workflows in it. */
  readonly root: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: Printer;
  /** Absent where output or input is a pipe. */
  readonly terminal?: Terminal | undefined;
};
