import path from 'node:path';
import type { ProjectRunner, ProjectStep, StepEnd } from '../../core/ports.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import { withoutSecrets } from '../without-secrets.ts';

type ProjectRunnerOptions = {
  /** The Python that has MLflow: a path, or a name on PATH. */
  readonly python: string;
  /** Folder that relative project folders and data paths start from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
};

/** Runs steps of MLflow Projects through `mlflow run`. */
export function createProjectRunner(options: ProjectRunnerOptions): ProjectRunner {
  return {
    run: async (step) => {
      const end = await runProcess({
        command: options.python,
        args: projectArguments(step),
        cwd: options.cwd,
        env: projectVariables(options, step),
        timeoutMs: step.timeoutSeconds * 1_000,
        ...(step.signal && { signal: step.signal }),
        onLine: options.onLine,
      });
      return toStepEnd(end);
    },
  };
}

/** The arguments of `python` that run a step inside its MLflow run. */
export function projectArguments(step: ProjectStep): readonly string[] {
  const parameters = Object.entries(step.parameters).flatMap(([name, value]) => ['-P', `${name}=${value}`]);
  // A Docker project names its image in MLproject, and takes no environment manager.
  const manager = step.environment === 'docker' ? [] : ['--env-manager', step.environment];
  const where = ['--experiment-name', step.experiment, '--run-id', step.runId];
  return ['-m', 'mlflow', 'run', step.uri, '-e', step.entryPoint, ...parameters, ...manager, ...where];
}

function projectVariables(
  { env, python, trackingUri }: ProjectRunnerOptions,
  step: ProjectStep,
): Record<string, string | undefined> {
  // With a Python named by its path, the `python` inside MLproject commands must be that one too.
  const bin = path.isAbsolute(python) ? [path.dirname(python)] : [];
  return {
    ...withoutSecrets(env),
    PATH: [...bin, env['PATH'] ?? ''].join(path.delimiter),
    MLFLOW_TRACKING_URI: trackingUri,
    PYTHONUNBUFFERED: '1',
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
    ...step.variables,
  };
}

function toStepEnd(end: ProcessEnd): StepEnd {
  const lines = [...end.stdout, ...end.stderr];
  if (end.ended === 'timed-out') return { status: 'timed-out', code: end.code, lines };
  if (end.ended === 'aborted') return { status: 'aborted', code: end.code, lines };
  return { status: end.code === 0 ? 'succeeded' : 'failed', code: end.code, lines };
}
