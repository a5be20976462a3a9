import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { BoxPolicy } from '../../core/config/config.ts';
import type { ProjectRunner, ProjectStep, StepEnd } from '../../core/project-port.ts';
import type { RunLine } from '../../core/shell-port.ts';
import type { Remote } from '../../core/training/remote.ts';
import { countMemoryKills } from '../box/count-memory-kills.ts';
import { listedVariables, operatorsVariables } from '../box/listed-variables.ts';
import { type Box, openBox } from '../box/open-box.ts';
import { holdsPrivate } from '../box/private-places.ts';
import { programPath } from '../programs/program-path.ts';
import { shellWords, toLineEnd } from '../programs/shell-line.ts';
import { runRemote } from '../remote/run-remote.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import { type Containers, containerArguments, engineOf, removeContainers } from './project-container.ts';

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
  /** What containers of the project (`docker_env`) are started with, where its steps run in such. */
  readonly containers?: Containers;
  /** What runs the steps in place of the runner. */
  readonly remote?: Remote;
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
};

/** What runs in the box of trainings: steps of the project, and command lines of the commit's configuration. */
type BoxedPrograms = ProjectRunner & {
  readonly runLine: RunLine;
  /** Runs git; how it ends is an answer. */
  readonly runGit: (args: readonly string[], bounds: Bounds) => ReturnType<RunLine>;
};

type Bounds = Pick<ProjectStep, 'timeoutSeconds' | 'signal'>;

/** Runs steps of MLflow Projects through `mlflow run`, each in a box. */
export function createProjectRunner(options: ProjectRunnerOptions): BoxedPrograms {
  let opened: Promise<Box> | undefined;
  const withPlace = async <T>(work: (place: Place) => Promise<T>): Promise<T> => {
    opened ??= openBox({ ...options, kind: 'training' });
    const box = await opened;
    const temp = await mkdtemp(path.join(os.tmpdir(), 'trainyard-step-'));
    try {
      return await work({ box, temp });
    } finally {
      await rm(temp, { recursive: true, force: true });
    }
  };
  const runProgram = (command: readonly string[], bounds: Bounds) =>
    withPlace(async (place) => {
      const program = { command, variables: {}, write: [] };
      return toLineEnd(await runBoxed(options, boxProgram(options, program, place), bounds));
    });
  return {
    run: async (step) => {
      const { remote } = options;
      if (remote !== undefined) return runAway(options, remote, step);
      return withPlace(async (place) => {
        const before = await countMemoryKills();
        const boxed = boxStep(options, step, place);
        const end = toLineEnd(await withContainers(options, () => runBoxed(options, boxed, step)));
        const memoryKills = (await countMemoryKills()) - before;
        // Whoever reaches the Docker Engine is out of any box.
        return { ...end, memoryKills, box: options.docker ? 'docker' : place.box.level };
      });
    },
    runLine: (asked) => runProgram(shellWords(asked.line), asked),
    runGit: (args, bounds) => runProgram(['git', ...args], bounds),
  };
}

/** Neither a container that a lost attempt has left behind nor one of the step's own is at work beside it or after it. */
export async function withContainers<T>(
  { containers, env, onLine }: Pick<ProjectRunnerOptions, 'containers' | 'env' | 'onLine'>,
  work: () => Promise<T>,
): Promise<T> {
  if (containers === undefined) return work();
  const remove = () => removeContainers(containers.job, { env, onLine });
  await remove();
  return work().finally(remove);
}

/** The kernel of another machine is not asked what it has ended. */
async function runAway(options: ProjectRunnerOptions, remote: Remote, step: ProjectStep): Promise<StepEnd> {
  const { python, cwd, env, onLine } = options;
  const variables = projectVariables(options, step.variables);
  const own = { HOME: env['HOME'], USER: env['USER'], TMPDIR: env['TMPDIR'] };
  const command = [python, ...projectArguments(step)];
  const away = { remote, command, cwd, variables, env: { ...own, ...variables }, step, onLine };
  return { ...toLineEnd(await runRemote(away)), memoryKills: 0, box: 'remote' };
}

function runBoxed(
  { onLine }: ProjectRunnerOptions,
  boxed: BoxedStep,
  { timeoutSeconds, signal }: Bounds,
): Promise<ProcessEnd> {
  return runProcess({ ...boxed, timeoutMs: timeoutSeconds * 1_000, ...(signal && { signal }), onLine });
}

/** The box of a step, and the folder that is its own. */
type Place = { readonly box: Box; readonly temp: string };

/** A program that is ready to be started. */
type BoxedStep = ReturnType<Box['enter']> & {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
};

/** The command line, folder and variables of a step in its box. */
export function boxStep(options: ProjectRunnerOptions, step: ProjectStep, place: Place): BoxedStep {
  const { containers } = options;
  const variables = [...options.variables, ...operatorsVariables(options.env)];
  const inside =
    containers === undefined ? [] : containerArguments(step, containers, { ...options, variables });
  const command = [options.python, ...projectArguments(step), ...inside];
  return boxProgram(options, { command, variables: step.variables, write: step.write ?? [] }, place);
}

/** A program of the commit: its words, variables of its own, and folders beside the workspace that it may write. */
type Program = {
  readonly command: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly write: readonly string[];
};

function boxProgram(
  options: ProjectRunnerOptions,
  { command, variables: own, write }: Program,
  { box, temp }: Place,
): BoxedStep {
  const engine = options.docker ? engineOf(options.env) : { variables: {}, show: [] };
  const variables = { ...projectVariables(options, own), ...engine.variables };
  const home = box.home(temp);
  const { cwd } = options;
  // A file or folder that a variable names is meant to be used.
  const named = Object.values(variables).filter((value) => path.isAbsolute(value));
  const show = [...named, ...options.inputs.map((input) => path.resolve(cwd, input))].filter(
    (place) => existsSync(place) && !holdsPrivate(place, options.env),
  );
  return {
    ...box.enter({
      command,
      // What git does in the workspace after the box, it does as its configuration says.
      ...{ cwd, temp, show: [...show, ...engine.show, path.join(cwd, '.git')], write: [cwd, ...write] },
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
  const version = step.commit === undefined ? [] : ['--version', step.commit];
  return [
    '-m',
    'mlflow',
    'run',
    step.uri,
    ...version,
    '-e',
    step.entryPoint,
    ...parameters,
    ...manager,
    ...where,
  ];
}

function projectVariables(
  { env, python, trackingUri, variables }: ProjectRunnerOptions,
  own: Program['variables'],
): Record<string, string> {
  return {
    // It puts a variable into a training from beside it and takes it out again, by which some trainings fail.
    MLFLOW_DISABLE_TELEMETRY: 'true',
    ...listedVariables(env, 'training', [...variables, ...operatorsVariables(env)]),
    PATH: programPath(python, env),
    MLFLOW_TRACKING_URI: trackingUri,
    PYTHONUNBUFFERED: '1',
    // What ends in C code says where.
    PYTHONFAULTHANDLER: '1',
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
    ...own,
  };
}
