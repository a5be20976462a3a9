import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import type { Holdout } from '../core/config/config.ts';
import { messageOf, type Problem, UserError } from '../core/errors.ts';
import { digestSchema } from '../core/identity/digest.ts';
import type { Evaluation, EvaluationRequest, PackageRequest, PythonRuntime } from '../core/ports.ts';
import { listedVariables } from './box/listed-variables.ts';
import { type ProcessEnd, runProcess } from './run-process.ts';

/** Loading a model and running it on a holdout, or packing it, takes minutes at most, in ms. */
const TIMEOUT_MS = 60 * 60_000;
/** Exit code by which the modules say that the user can mend it. */
const USER_ERROR = 2;

type PythonRuntimeOptions = {
  readonly python: string;
  /** The folder that holds the package `trainyard`, and what starts it: the action's own, never one of the workspace. */
  readonly runtime: string;
  /** Where the paths of the configuration start from. Nothing is imported from there. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trackingUri: string;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
};

const evaluationSchema = z.object({
  task: z.enum(['binary', 'multiclass', 'regression']),
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
  error: z.object({ code: z.string(), message: z.string(), remedy: z.string(), where: z.unknown() }),
});

/** Runs the modules of `runtime/trainyard` in the model's own environment. Rejects with a UserError for what the user can mend. */
export function createPythonRuntime(options: PythonRuntimeOptions): PythonRuntime {
  return {
    evaluate: (request) => withScratch((folder) => evaluate(options, request, folder)),
    buildPackage: (request) =>
      withScratch(async (folder) => {
        const out = path.join(folder, 'package.json');
        return runModule(options, {
          module: 'package',
          args: packageArguments(request, options.workspace, out),
          folder,
          out,
          schema: packageSchema,
        });
      }),
    measurePackage: (built) =>
      withScratch(async (folder) => {
        const out = path.join(folder, 'measured.json');
        const args = ['--package-dir', built, '--out', out];
        const ran = await runModule(options, {
          module: 'measure',
          args,
          folder,
          out,
          schema: measuredSchema,
        });
        return ran.latencyMs;
      }),
  };
}

async function evaluate(
  options: PythonRuntimeOptions,
  { targets, holdout }: EvaluationRequest,
  folder: string,
): Promise<readonly Evaluation[]> {
  const outs = targets.map((_, index) => path.join(folder, `evaluation-${index}.json`));
  const triples = targets.flatMap(({ modelUri, predictions }, index) => [
    ...['--model-uri', modelUri],
    ...['--predictions', predictions],
    ...['--out', outs[index] ?? ''],
  ]);
  const metrics = Object.entries(holdout.metrics).flatMap(([name, place]) => [
    '--metric',
    `${name}=${path.resolve(options.workspace, place)}`,
  ]);
  const args = [...triples, ...holdoutArguments(holdout, options.workspace), ...metrics];
  const [first = ''] = outs;
  await runModule(options, { module: 'evaluate', args, folder, out: first, schema: z.unknown() });
  return Promise.all(outs.map((out) => readOutput(out, evaluationSchema)));
}

/** The arguments that say which file is the holdout and what its columns mean. */
function holdoutArguments(holdout: Holdout, workspace: string): readonly string[] {
  const { path: file, target, id, group, time, slices } = holdout;
  return [
    ...['--holdout', path.resolve(workspace, file), '--target', target],
    ...(id === undefined ? [] : ['--id', id]),
    ...(group === undefined ? [] : ['--group', group]),
    ...(time === undefined ? [] : ['--time', time]),
    ...(slices.length === 0 ? [] : ['--slices', slices.join(',')]),
  ];
}

function packageArguments(request: PackageRequest, workspace: string, out: string): readonly string[] {
  const { serving, holdout } = request;
  const { settings } = serving;
  return [
    ...['--model-uri', request.modelUri, '--model', request.model, '--version', request.version],
    ...['--run-id', request.runId, '--package-dir', request.folder, '--out', out],
    ...(holdout === undefined ? [] : holdoutArguments(holdout, workspace)),
    ...['--format', serving.format],
    ...['--workers', String(settings.workers), '--batch-size', String(settings.batchSize)],
    ...['--max-batch-delay-ms', String(settings.maxBatchDelayMs), '--gpu', settings.gpu],
    ...['--response-timeout-seconds', String(settings.responseTimeoutSeconds)],
  ];
}

/** A module of the runtime to run, and the file it leaves its answer in. */
type ModuleRun<T> = {
  readonly module: 'evaluate' | 'package' | 'measure';
  readonly args: readonly string[];
  /** The folder it works in: one of its own. */
  readonly folder: string;
  readonly out: string;
  readonly schema: z.ZodType<T>;
};

async function runModule<T>(
  options: PythonRuntimeOptions,
  { module, args, folder, out, schema }: ModuleRun<T>,
): Promise<T> {
  const { env, python, runtime, trackingUri } = options;
  const bin = path.isAbsolute(python) ? [path.dirname(python)] : [];
  const end = await runProcess({
    command: python,
    args: ['-I', '-u', path.join(runtime, 'start.py'), module, ...args],
    cwd: folder,
    env: {
      ...listedVariables(env, 'runtime'),
      PATH: [...bin, env['PATH'] ?? ''].join(path.delimiter),
      MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: 'false',
      MLFLOW_TRACKING_URI: trackingUri,
    },
    timeoutMs: TIMEOUT_MS,
    onLine: options.onLine,
    ...(options.signal && { signal: options.signal }),
  });
  if (end.ended === 'aborted') throw new DOMException('The job was cancelled.', 'AbortError');
  if (end.code !== 0) throw await failure(module, end, out);
  return readOutput(out, schema);
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
