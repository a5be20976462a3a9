import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BoxPolicy } from '../../core/config/config.ts';
import type { ProjectRunner, ProjectStep, StepEnd } from '../../core/ports.ts';
import { countMemoryKills } from '../box/count-memory-kills.ts';
import { listedVariables, operatorsVariables } from '../box/listed-variables.ts';
import { type Box, openBox } from '../box/open-box.ts';
import { holdsPrivate } from '../box/private-places.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';

export type ProjectRunnerOptions = {
  /** The Python that has MLflow: a path, or a name on PATH. */
  readonly python: string;
  /** The folder that holds `start.py`. */
  readonly runtime: string;
  /** Folder that relative project folders and data paths start from. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the steps run in. */
  readonly policy: BoxPolicy;
  /** Variables that the steps get beside those that every training gets. */
  readonly variables: readonly string[];
  /** Files and folders that they may read, wherever these are. */
  readonly inputs: readonly string[];
  /** Whether they may speak to the Docker Engine of the runner. */
  readonly docker: boolean;
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
};

/** Runs steps of MLflow Projects through `mlflow run`, each in a box. */
export function createProjectRunner(options: ProjectRunnerOptions): ProjectRunner {
  let opened: Promise<Box> | undefined;
  return {
    run: async (step) => {
      opened ??= openBox({ ...options, kind: 'training' });
      const box = await opened;
      const temp = await mkdtemp(path.join(os.tmpdir(), 'trainyard-step-'));
      try {
        const before = await countMemoryKills();
        const end = toStepEnd(await runStep(options, step, { box, temp }));
        const memoryKills = (await countMemoryKills()) - before;
        // Whoever reaches the Docker Engine is out of any box.
        return { ...end, memoryKills, box: options.docker ? 'docker' : box.level };
      } finally {
        await rm(temp, { recursive: true, force: true });
      }
    },
  };
}

function runStep(options: ProjectRunnerOptions, step: ProjectStep, place: Place): Promise<ProcessEnd> {
  return runProcess({
    ...boxStep(options, step, place),
    timeoutMs: step.timeoutSeconds * 1_000,
    ...(step.signal && { signal: step.signal }),
    onLine: options.onLine,
  });
}

/** The box of a step, and the folder that is its own. */
type Place = { readonly box: Box; readonly temp: string };

/** A program that is ready to be started. */
type BoxedStep = ReturnType<Box['enter']> & {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
};

/** The command line, folder and variables of a step in its box. */
export function boxStep(options: ProjectRunnerOptions, step: ProjectStep, { box, temp }: Place): BoxedStep {
  const variables = projectVariables(options, step);
  const home = box.home(temp);
  const { cwd } = options;
  // A file or folder that a variable names is meant to be used.
  const named = Object.values(variables).filter((value) => path.isAbsolute(value));
  const show = [...named, ...options.inputs.map((input) => path.resolve(cwd, input))].filter(
    (place) => existsSync(place) && !holdsPrivate(place, options.env),
  );
  const docker = options.docker ? ['/run/docker.sock'] : [];
  return {
    ...box.enter({
      command: [options.python, ...projectArguments(step)],
      // What git does in the workspace after the box, it does as its configuration says.
      ...{
        cwd,
        temp,
        show: [...show, ...docker, path.join(cwd, '.git')],
        write: [cwd, ...(step.write ?? [])],
      },
    }),
    cwd,
    env: { ...variables, HOME: home, TMPDIR: home },
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
  { env, python, trackingUri, variables }: ProjectRunnerOptions,
  step: ProjectStep,
): Record<string, string> {
  // With a Python named by its path, the `python` inside MLproject commands must be that one too.
  const bin = path.isAbsolute(python) ? [path.dirname(python)] : [];
  return {
    ...listedVariables(env, 'training', [...variables, ...operatorsVariables(env)]),
    PATH: [...bin, env['PATH'] ?? ''].join(path.delimiter),
    MLFLOW_TRACKING_URI: trackingUri,
    PYTHONUNBUFFERED: '1',
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
    ...step.variables,
  };
}

function toStepEnd(end: ProcessEnd): Omit<StepEnd, 'box' | 'memoryKills'> {
  const lines = [...end.stdout, ...end.stderr];
  if (end.ended === 'timed-out') return { status: 'timed-out', code: end.code, lines };
  if (end.ended === 'aborted') return { status: 'aborted', code: end.code, lines };
  return { status: end.code === 0 ? 'succeeded' : 'failed', code: end.code, lines };
}
