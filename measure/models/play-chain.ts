import { mkdtempSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { readRegistered, readTraining, type Trained } from '../../actions/job/handoff.ts';
import { register } from '../../actions/register/register.ts';
import { train } from '../../actions/train/train.ts';
import { createRunCheckpoints } from '../../adapters/checkpoints/run-checkpoints.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashData, hashFile, hashText } from '../../adapters/data-digest.ts';
import { findCommit, isOfCommit } from '../../adapters/git/find-commit.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { readExamples } from '../../adapters/holdout/read-examples.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import { createSearchReader } from '../../adapters/mlflow/read-searched.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { writeBatching } from '../../adapters/python/write-batching.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readAnswers, readExplanation, readSteps } from '../../adapters/read-answers.ts';
import { createNonce, createSeal } from '../../adapters/seal.ts';
import type { Config } from '../../core/config/config.ts';
import { handOverSchema } from '../../core/plan/hand-over.ts';
import type { Log } from '../../core/ports.ts';
import type { ProjectStep } from '../../core/project-port.ts';
import { LEASE_TIMES } from '../../core/training/lease.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import type { ChainOptions } from './chain-options.ts';
import { runUnboxed } from './run-unboxed.ts';

/** Where the training leaves what the model says by its own library. */
const SAID_FILE = 'by-its-own-library.json';
const RUNTIME = path.join(ROOT, 'runtime');
const WORKFLOW = { repository: 'ada/models', run: '1', attempt: 1, sha: 'a'.repeat(40) };

/** Opens the chain of one model name. */
export function openChain(options: ChainOptions, model: string) {
  const opened = openPorts(options, model);
  const { tracking, tempPath } = opened;
  return {
    train: (config: Config) => trainKind(opened, config),
    /** The model of the newest run, whatever became of the run. */
    findModel: async (config: Config): Promise<string | undefined> => {
      const runs = await tracking.findRuns(config.tracking.experiment, {});
      return runs.find(({ modelUri }) => modelUri !== undefined)?.modelUri;
    },
    /** What the model says by its own library, as the training has left it: the file, and the metrics in it. */
    readSaid: async ({ runId }: Trained) => {
      const file = tempPath(SAID_FILE);
      await tracking.downloadArtifact(runId, SAID_FILE, file);
      return { file, metrics: saidSchema.parse(JSON.parse(await readFile(file, 'utf8'))).metrics };
    },
    judge: (config: Config, trained: Trained) => judgeKind(opened, config, trained),
    pack: (config: Config, trained: Trained) => packKind(opened, config, trained),
  };
}

/** The jobs of one chain: each the flow of its action, over the ports that the action gives it. */
export type KindChain = ReturnType<typeof openChain>;

/** What all jobs of a chain share. */
type OpenedPorts = ReturnType<typeof openPorts>;

function openPorts(options: ChainOptions, model: string) {
  const { place, onLine } = options;
  const temp = mkdtempSync(path.join(os.tmpdir(), 'trainyard-models-'));
  const log: Log = { info: onLine, warn: onLine, group: (_title, work) => work() };
  const clock = systemClock;
  const tracking = createMlflow({ uri: place.trackingUri, http: { fetch } }, clock);
  const identity = { name: 'trainyard', email: 'trainyard@example.com' };
  const dir = path.join(temp, 'ledger');
  const ledger = createGitLedger({ remote: place.ledger, clock, author: identity, dir });
  const plan = planOf(model);
  const author = { model, actor: plan.actor, cause: plan.cause, workflow: WORKFLOW };
  const tempPath = (name: string) => path.join(temp, name);
  const writeTemp = async (name: string, text: string) => {
    writeFileSync(tempPath(name), text);
    return tempPath(name);
  };
  return { options, temp, log, clock, tracking, ledger, plan, author, tempPath, writeTemp };
}

/** In what the commands of a kind run. */
function boxOf({ place, python, onLine }: ChainOptions, { box }: Config) {
  const { trackingUri } = place;
  return { python, runtime: RUNTIME, env: process.env, policy: box, trackingUri, onLine } as const;
}

function openRuntime(options: ChainOptions, config: Config) {
  const { environment } = config.models;
  return createPythonRuntime({ ...boxOf(options, config), workspace: options.place.folder, environment });
}

function openProject(options: ChainOptions, config: Config) {
  if (!options.isBoxed) return { run: (step: ProjectStep) => runUnboxed(step, options) };
  const cwd = options.place.folder;
  return createProjectRunner({ ...boxOf(options, config), cwd, variables: [], inputs: [], docker: false });
}

async function trainKind(
  { options, plan, tracking, clock, log, writeTemp }: OpenedPorts,
  config: Config,
): Promise<Trained> {
  const { folder, trackingUri } = options.place;
  const project = openProject(options, config);
  const seal = createSeal(createNonce());
  const { signal } = new AbortController();
  const request = { plan, config, workspace: folder, repository: WORKFLOW.repository, signal };
  const outcome = await train(
    {
      ...request,
      runUrl: trackingUri,
      repositoryUrl: trackingUri,
      defaults: {},
      holder: { round: 0, attempt: 1 },
      leaseTimes: LEASE_TIMES,
    },
    {
      ...{ tracking, project, clock, log, writeTemp, seal },
      checkpoints: await createRunCheckpoints({ temp: os.tmpdir(), holder: '0.1', tracking, seal, log }),
      hashData: (names) => hashData(folder, names),
      fetchData: async () => undefined,
      findProjectCommit: async () => undefined,
      readHoldout: (holdout) => readHoldout(folder, holdout),
      readSearched: createSearchReader(tracking, os.tmpdir()),
    },
  );
  return readTraining(JSON.stringify({ schema_version: 1, action: 'train', ...outcome.result }));
}

async function judgeKind(
  { options, plan, author, ...shared }: OpenedPorts,
  config: Config,
  trained: Trained,
) {
  const { folder } = options.place;
  const training = JSON.stringify(trained);
  const request = { plan, config, configFile: 'trainyard.yml', training, predictions: '', author };
  const outcome = await evaluateGate('both', request, {
    ...shared,
    python: openRuntime(options, config),
    hashText,
    fetchData: async () => undefined,
    readAnswers,
    readSteps,
    readExplanation,
    hashFile: (file) => hashFile(path.resolve(folder, file)),
    readHoldout: (holdout) => readHoldout(folder, holdout),
    readExamples: (written) => readExamples(folder, written),
    isOfCommit: (file) => isOfCommit(folder, file),
    commit: () => findCommit(folder),
  });
  return judgedSchema.parse(outcome.result);
}

async function packKind(
  { options, plan, author, temp, tracking, ledger, clock, log }: OpenedPorts,
  config: Config,
  { runId }: Trained,
): Promise<string> {
  const registered = await register({ plan, config, runId, author }, { tracking, ledger, clock, log });
  const folderOfPackage = mkdtempSync(path.join(temp, 'package-'));
  await buildTorchserve(
    {
      config,
      registered: readRegistered(
        JSON.stringify({ schema_version: 1, action: 'register', ...registered.result }),
      ),
    },
    {
      ...{ tracking, log, python: openRuntime(options, config) },
      packageFolder: async () => folderOfPackage,
      fetchData: async () => undefined,
      listFiles: (one) => readdir(one),
      writeBatching,
    },
  );
  return folderOfPackage;
}

const saidSchema = z.object({ metrics: z.record(z.string(), z.number()) });

const judgedSchema = z.object({
  verdict: z.string(),
  checks: z.array(z.object({ metric: z.string(), challenger: z.number().optional() })),
});

function planOf(model: string) {
  return handOverSchema.parse({
    ...{ schema_version: 1, action: 'plan', decision: 'continue', operation: 'train', sha: WORKFLOW.sha },
    ...{
      parameters: {},
      environment: 'production',
      correlationId: model,
      actor: 'ada',
      dryRun: false,
      model,
    },
    cause: { kind: 'manual', id: model },
    box: { require: false, timeoutSeconds: 600, variables: [], inputs: [], docker: false },
  });
}
