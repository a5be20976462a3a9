import type { BoxLevel } from './box-level.ts';
import type { ProjectEnvironment } from './config/config.ts';

/** One entry point of an MLflow Project, to be run inside an open MLflow run. */
export type ProjectStep = {
  readonly uri: string;
  /** The commit of a project in another repository. */
  readonly commit?: string;
  readonly entryPoint: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly environment: ProjectEnvironment;
  readonly experiment: string;
  readonly runId: string;
  readonly timeoutSeconds: number;
  /** Extra environment variables of the step. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folders beside the workspace that the step may write. */
  readonly write?: readonly string[];
  readonly signal?: AbortSignal;
};

/** How a step ended. `lines` are the last it wrote, standard error last. */
export type StepEnd = {
  readonly status: 'succeeded' | 'failed' | 'timed-out' | 'aborted';
  readonly code: number | undefined;
  readonly lines: readonly string[];
  /** Processes of the machine that its kernel ended for want of memory meanwhile. */
  readonly memoryKills: number;
  /** In what box it ran. */
  readonly box: BoxLevel;
};

/** Runs the user's training code. */
export type ProjectRunner = { readonly run: (step: ProjectStep) => Promise<StepEnd> };
