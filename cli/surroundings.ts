import type { Problem } from '../core/errors.ts';

/** Where words go. Whatever is printed is plain: no line of it is a command to a runner or a terminal. */
export type Printer = {
  readonly line: (text: string) => void;
  readonly trouble: (text: string) => void;
  /** An annotation on a file, where a runner of GitHub Actions reads along. */
  readonly annotate: (level: 'error' | 'warning', problem: Problem) => void;
};

/** What a command finds around it. */
export type Surroundings = {
  /** The folder of this package, with the runtime and the workflows in it. */
  readonly root: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: Printer;
};
