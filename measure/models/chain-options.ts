import type { Workplace } from './workplace.ts';

/** What a chain runs by. */
export type ChainOptions = {
  readonly place: Workplace;
  readonly python: string;
  readonly onLine: (line: string) => void;
  /** Whether `mlflow run` and the boxes of user code are had; without them a kind takes a fifth of the time. */
  readonly isBoxed: boolean;
};
