import { runProcess } from '../../adapters/run-process.ts';
import type { ProjectStep, StepEnd } from '../../core/project-port.ts';
import type { ChainOptions } from './chain-options.ts';

/** Runs the command of a project as `mlflow run` would in the environment `local`, without MLflow's own process and without a box. */
export async function runUnboxed(
  step: ProjectStep,
  { place, python, onLine }: ChainOptions,
): Promise<StepEnd> {
  const end = await runProcess({
    command: python,
    args: ['training/train.py', '--kind', String(step.parameters['kind'])],
    cwd: place.folder,
    env: {
      ...process.env,
      ...{
        MLFLOW_TRACKING_URI: place.trackingUri,
        MLFLOW_RUN_ID: step.runId,
        MLFLOW_EXPERIMENT_NAME: step.experiment,
      },
      ...{ MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false' },
    },
    timeoutMs: step.timeoutSeconds * 1_000,
    onLine,
  });
  const status = end.code === 0 ? 'succeeded' : 'failed';
  return { status, code: end.code, lines: [...end.stdout, ...end.stderr], memoryKills: 0, box: 'none' };
}
