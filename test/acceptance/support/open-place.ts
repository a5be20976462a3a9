import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { venvProgram } from '../../../sandbox/checkout.ts';
import { discard } from '../../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../../sandbox/machine/mlflow-server.ts';
import type { WorkflowRun } from '../../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/sandbox.ts';

/** A repository on GitHub's stand-in, and an MLflow that its jobs know. */
export type Place = {
  /** What belongs to it; gone when it is closed. */
  readonly folder: string;
  readonly mlflow: MlflowServer;
  readonly sandbox: Sandbox;
  /** Waits for the only run that was started, and gives it. */
  readonly finish: (runs: readonly WorkflowRun[]) => Promise<WorkflowRun>;
  readonly close: () => Promise<void>;
};

/** What a place has that others have not; `name` is that of its folder. */
type PlaceOptions = Omit<Parameters<typeof startSandbox>[0], 'folder'> & {
  readonly name: string;
  /** Made in the folder before jobs can look there; gives more of what they have. */
  readonly prepare?: (folder: string) => Promise<{ readonly env?: Readonly<Record<string, string>> }>;
};

/** Opens a place; trainings in it take one thread. */
export async function openPlace({ name, prepare, ...options }: PlaceOptions): Promise<Place> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `trainyard-${name}-`));
  const python = venvProgram('python');
  const mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  const prepared = await prepare?.(folder);
  const sandbox = await startSandbox({
    ...options,
    folder: path.join(folder, 'github'),
    variables: { MLFLOW_TRACKING_URI: mlflow.url, ...options.variables },
    env: { OMP_NUM_THREADS: '1', ...options.env, ...prepared?.env },
  });
  return {
    ...{ folder, mlflow, sandbox },
    finish: async ([run]) => {
      if (run === undefined) throw new Error('no workflow was started');
      await sandbox.finished(run);
      return run;
    },
    close: async () => {
      await sandbox.stop();
      await mlflow.child.stop();
      discard(folder);
    },
  };
}

/** The end of what the jobs of a run printed. */
export function tailOf({ log }: WorkflowRun): string {
  return readFileSync(log, 'utf8').slice(-4_000);
}
