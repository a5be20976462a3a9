import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { TASKS } from '../core/answers/contract.ts';
import type { BoxPolicy, ModelsPolicy } from '../core/config/config.ts';
import { messageOf, type Problem, UserError } from '../core/errors.ts';
import { digestSchema } from '../core/identity/digest.ts';
import type {
  Evaluation,
  EvaluationRequest,
  PackageOutput,
  PackageRequest,
  PythonRuntime,
} from '../core/python-port.ts';
import { batchTimesSchema } from '../core/serving/batching/batch-search.ts';
import { environmentsFolder } from './box/environments-folder.ts';
import { listedVariables } from './box/listed-variables.ts';
import { type Box, openBox } from './box/open-box.ts';
import { programPath } from './programs/program-path.ts';
import {
  answersArguments,
  batchArguments,
  explainArguments,
  holdoutArguments,
  holdoutFiles,
  packageArguments,
  pictureArguments,
} from './python/module-arguments.ts';
import { type ProcessEnd, runProcess } from './run-process.ts';

/** Exit code by which the modules say that the user can mend it. */
const USER_ERROR = 2;

type PythonRuntimeOptions = {
  readonly python: string;
  /** The folder that holds the package `trainyard`, and what starts it: the action's own, never one of the workspace. */
  readonly runtime: string;
  /** Where the paths of the configuration start from. Nothing is imported from there. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the model's own code runs in. */
  readonly policy: BoxPolicy;
  /** Whether models predict in the environments they were logged with. */
  readonly environment: ModelsPolicy['environment'];
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
};

const evaluationSchema = z.object({
  task: z.enum(TASKS),
  rows: z.int().nonnegative(),
  modelDigest: digestSchema,
  holdoutDigest: digestSchema,
  metrics: z.record(z.string(), z.number()).default({}),
});

const packageSchema = z.object({
  manifestDigest: digestSchema,
  sizeBytes: z.int().nonnegative(),
  format: z.string(),
});

const measuredSchema = z.object({ latencyMs: z.array(z.number()) });

const failureSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }),
});

/** What one of its calls works with. */
type Running = PythonRuntimeOptions & { readonly box: Box };

/** Runs the modules of `runtime/trainyard` in the runner's Python, and models beside it as `environment` says. Rejects with a UserError for what the user can mend. */
export function createPythonRuntime(options: PythonRuntimeOptions): PythonRuntime {
  let opened: Promise<Box> | undefined;
  const start = async (): Promise<Running> => {
    // Many jobs have a runtime, and few of them run a model.
    opened ??= openBox({ ...options, kind: 'model' });
    return { ...options, box: await opened };
  };
  return {
    evaluate: async (request) => {
      const running = await start();
      return withScratch((folder) => evaluate(running, request, folder));
    },
    buildPackage: async (request) => {
      const running = await start();
      return withScratch((folder) => buildPackage(running, request, folder));
    },
    measurePackage: async (built, calls, gpu) => {
      const args = ['--calls', String(calls), '--gpu', gpu];
      const asked = { module: 'measure', built, args, schema: measuredSchema } as const;
      return (await askPackage(await start(), asked)).latencyMs;
    },
    measureBatches: async (built, plan, gpu) => {
      const args = batchArguments(plan, gpu);
      const asked = { module: 'batches', built, args, schema: batchTimesSchema } as const;
      return askPackage(await start(), { ...asked, extraSeconds: plan.seconds });
    },
  };
}

async function buildPackage(
  running: Running,
  request: PackageRequest,
  folder: string,
): Promise<PackageOutput> {
  const out = path.join(folder, 'package.json');
  const args = [...packageArguments(request, running.workspace, out), ...environmentArguments(running)];
  const hide = holdoutFiles(request.holdout, running.workspace);
  const ran = { module: 'package', args, hide, folder, out, schema: packageSchema } as const;
  return { ...(await runModule(running, ran)), box: running.box.level };
}

/** A package that was built, to be asked by a module which writes its answer into a file. */
type Asked<T> = {
  readonly module: 'measure' | 'batches';
  readonly built: string;
  readonly args: readonly string[];
  readonly schema: z.ZodType<T>;
  /** What it may take beside box.timeout. */
  readonly extraSeconds?: number;
};

function askPackage<T>(running: Running, { built, args, ...asked }: Asked<T>): Promise<T> {
  return withScratch((folder) => {
    const out = path.join(folder, `${asked.module}.json`);
    const all = ['--package-dir', built, '--out', out, ...args];
    return runModule(running, { ...asked, args: all, hide: [], folder, out });
  });
}

async function evaluate(
  running: Running,
  { targets, holdout, answers, examples, explain, input }: EvaluationRequest,
  folder: string,
): Promise<readonly Evaluation[]> {
  const outs = targets.map((_, index) => path.join(folder, `evaluation-${index}.json`));
  const triples = targets.flatMap(({ modelUri, predictions, explanation }, index) => [
    ...['--model-uri', modelUri, '--predictions', predictions],
    ...(explanation === undefined ? [] : ['--explanation', explanation]),
    ...['--out', outs[index] ?? ''],
  ]);
  const absolute = (file: string): string => path.resolve(running.workspace, file);
  const own = Object.entries(holdout.metrics);
  const metrics = own.flatMap(([name, place]) => ['--metric', `${name}=${absolute(place)}`]);
  const files = examples.map(absolute);
  const said = [...answersArguments(answers), ...files.flatMap((file) => ['--examples', file])];
  const about = [
    ...holdoutArguments(holdout, running.workspace),
    ...pictureArguments(input),
    ...said,
    ...metrics,
  ];
  const args = [...triples, ...about, ...explainArguments(explain), ...environmentArguments(running)];
  const [first = ''] = outs;
  const hide = [...holdoutFiles(holdout, running.workspace), ...files];
  const extraSeconds = targets.length * (explain?.timeoutSeconds ?? 0);
  const ran = { module: 'evaluate', args, hide, folder, out: first, schema: z.unknown() } as const;
  await runModule(running, { ...ran, extraSeconds });
  const { level } = running.box;
  return Promise.all(outs.map(async (out) => ({ ...(await readOutput(out, evaluationSchema)), box: level })));
}

/** The argument that lets models predict in their own environments, and says where these are kept. */
function environmentArguments({ environment, env }: Running): readonly string[] {
  return environment === 'own' ? ['--environments', environmentsFolder(env)] : [];
}

/** A module of the runtime to run, and the file it leaves its answer in. */
type ModuleRun<T> = {
  readonly module: 'evaluate' | 'package' | 'measure' | 'batches';
  readonly args: readonly string[];
  /** Files that are out of the sight of the model's code. */
  readonly hide: readonly string[];
  /** The folder it works in: one of its own. */
  readonly folder: string;
  readonly out: string;
  readonly schema: z.ZodType<T>;
  /** What it may take beside box.timeout. */
  readonly extraSeconds?: number;
};

async function runModule<T>(
  running: Running,
  { module, args, hide, folder, out, schema, extraSeconds = 0 }: ModuleRun<T>,
): Promise<T> {
  const { env, python, runtime, trackingUri, box, policy } = running;
  const PATH = programPath(python, env);
  const boxed = JSON.stringify({
    spec: box.specify(hide),
    variables: { ...listedVariables(env, 'model'), PATH },
  });
  const end = await runProcess({
    command: python,
    args: ['-I', '-u', path.join(runtime, 'start.py'), module, ...args, '--box', boxed],
    cwd: folder,
    env: {
      ...listedVariables(env, 'runtime'),
      PATH,
      // A module that is ended has no time to clear up: what it has fetched goes with its folder.
      TMPDIR: folder,
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
      MLFLOW_TRACKING_URI: trackingUri,
    },
    timeoutMs: (policy.timeoutSeconds + extraSeconds) * 1_000,
    onLine: running.onLine,
    ...(running.signal && { signal: running.signal }),
  });
  if (end.ended === 'aborted') throw new DOMException('The job was cancelled.', 'AbortError');
  if (end.ended === 'timed-out') throw timedOut(module, policy);
  if (end.code !== 0) throw await failure(module, end, out);
  return readOutput(out, schema);
}

function timedOut(module: string, { timeoutSeconds }: BoxPolicy): UserError {
  return new UserError([
    {
      code: 'model-timed-out',
      message: `${module} ran longer than the ${timeoutSeconds} s it may take, and was ended with all it had started.`,
      remedy: 'Raise box.timeout in trainyard.yml of the default branch, or make the model faster.',
    },
  ]);
}

async function failure(module: string, end: ProcessEnd, out: string): Promise<Error> {
  const said = end.stderr.findLast((line) => line.trim() !== '') ?? 'it said nothing';
  if (end.code !== USER_ERROR) {
    return new Error(`trainyard.${module} ended with ${end.code ?? end.ended}: ${said}`);
  }
  const told = await readOutput(out, failureSchema).catch(() => undefined);
  const problem: Problem = told
    ? { code: told.error.code, message: told.error.message, remedy: told.error.remedy }
    : { code: `${module}-refused`, message: said, remedy: 'Mend what it names, then run this job again.' };
  return new UserError([problem]);
}

async function readOutput<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    throw new Error(`The Python runtime wrote no usable ${path.basename(file)}: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'trainyard-python-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
