import type { StepEnd } from './project-port.ts';

/** A command line of the configuration, for a shell in the root of the checkout. */
export type CommandLine = {
  readonly line: string;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
};

/** Runs a command line to its end. A failing exit code is an answer; a shell that can't be started is a UserError. */
export type RunLine = (asked: CommandLine) => Promise<Pick<StepEnd, 'status' | 'code' | 'lines'>>;
