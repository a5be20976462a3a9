import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import { readTraining } from '../../actions/job/handoff.ts';
import { createPackageSource } from '../../actions/serving/package-source.ts';
import { train } from '../../actions/train/train.ts';
import { createRunCheckpoints } from '../../adapters/checkpoints/run-checkpoints.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashData, hashFile } from '../../adapters/data-digest.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { createProjectRunner, projectArguments } from '../../adapters/mlflow/project.ts';
import { createSearchReader } from '../../adapters/mlflow/read-searched.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { writeBatching } from '../../adapters/python/write-batching.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { createSeal } from '../../adapters/seal.ts';
import { withoutSecrets } from '../../adapters/without-secrets.ts';
import type { Config, Holdout } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { UserError } from '../../core/errors.ts';
import { joinAnswers } from '../../core/gate/join-answers.ts';
import { judgeGate } from '../../core/gate/judge/gate.ts';
import type { Predictions } from '../../core/gate/predictions.ts';
import type { Log, Tracking, TrackingRun } from '../../core/ports.ts';
import { LEASE_TIMES } from '../../core/training/lease.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-project-'));
const python = venvProgram('python');
const lines: string[] = [];
const log: Log = {
  info: (line) => lines.push(line),
  warn: (line) => lines.push(line),
  group: (_, work) => work(),
};
let server: MlflowServer;

beforeAll(async () => {
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects'), folder, { recursive: true });
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
}, 180_000);
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

async function prepare(project: string, steps: string) {
  const workspace = path.join(folder, project);
  const text = `
version: 1
model: ${project}
tracking: { uri: "${server.url}" }
project: { steps: ${steps} }
data:
  holdout: { path: data/holdout.csv, target: label, metrics: { profit: metrics.py:profit } }
gate: [{ metric: profit, floor: 0, require: non-inferior, margin: 2 }]
`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
  const shared = {
    ...{ python, cwd: workspace, env: process.env, trackingUri: server.url, onLine: log.info },
    ...{
      runtime: path.join(ROOT, 'runtime'),
      policy: config.value.box,
      environment: config.value.models.environment,
      variables: [],
      inputs: [],
      docker: false,
    },
  };
  const tracking = createMlflow({ uri: server.url }, systemClock);
  const writeTemp = async (name: string, content: string) => {
    await writeFile(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const hash = (names: readonly string[]) => hashData(workspace, names);
  const seal = createSeal('n'.repeat(64));
  const ports = {
    tracking,
    project: createProjectRunner(shared),
    clock: systemClock,
    log,
    readHoldout: (holdout: Holdout) => readHoldout(workspace, holdout),
    hashData: hash,
    findProjectCommit: async () => undefined,
    fetchData: async () => undefined,
    writeTemp,
    readSearched: createSearchReader(tracking, folder),
    seal,
    checkpoints: await createRunCheckpoints({ temp: folder, holder: '0.1', tracking, seal, log }),
  };
  const runtime = createPythonRuntime({ ...shared, workspace });
  const correlationId = `test-${project}`;
  const cause = { kind: 'manual', id: correlationId } as const;
  const plan = {
    ...({
      schema_version: 1,
      action: 'plan',
      decision: 'continue',
      model: project,
      operation: 'train',
    } as const),
    ...{ sha: 'a'.repeat(40), parameters: {}, correlationId, dryRun: false, actor: 'ann', cause },
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
  };
  const { signal } = new AbortController();
  const asked = {
    ...{ plan, config: config.value, workspace, repository: 'a/b', runUrl: 'http://run' },
    ...{ repositoryUrl: 'https://github.test/a/b', defaults: { trees: 20, lr: 0.1 } },
  };
  const request = { ...asked, holder: { round: 0, attempt: 1 }, leaseTimes: LEASE_TIMES, signal };
  return { request, ports, runtime, config: config.value, tracking, workspace };
}

/** The gate compares by a metric of the project's own: the model is not worse than itself, and worse than one that earns more. */
function expectGateByOwnMetric({ gate }: Config, challenger: Predictions) {
  const profit = challenger.rowMetrics?.['profit'] ?? new Float64Array();
  const wrong = challenger.labels.filter((label, row) => label !== challenger.predictions[row]).length;
  expect(profit).toHaveLength(challenger.ids.length);
  expect(profit.filter((value) => value < 0)).toHaveLength(wrong);
  const judge = (champion: Predictions) =>
    judgeGate({
      ...{ rules: gate, challenger, champion, seed: 's', reproduce: '' },
      ...{ holdout: { digest: 'sha256:h', gatesSoFar: 0 }, names: { challenger: 'new', champion: 'v1' } },
    });
  const same = judge(challenger);
  expect(same.checks.map(({ metric, rule }) => `${metric} ${rule}`)).toContain(
    'profit compare: non-inferior',
  );
  const richer = { ...challenger, rowMetrics: { profit: profit.map((value) => value + 5) } };
  const worse = judge(richer);
  expect(same.checks.find(({ change }) => change)?.verdict).toBe('pass');
  expect(worse.checks.find(({ change }) => change)?.verdict).toBe('fail');
}

/** Runs the same step as a user of MLflow would, and gives its run. */
async function runByHand(workspace: string, tracking: Tracking): Promise<TrackingRun> {
  const args = ['-m', 'mlflow', 'run', '.', '-e', 'train', '--env-manager', 'local'];
  await promisify(execFile)(python, [...args, '--experiment-name', 'by-hand'], {
    cwd: workspace,
    env: {
      ...process.env,
      MLFLOW_TRACKING_URI: server.url,
      PATH: `${path.dirname(python)}:${process.env['PATH']}`,
    },
  });
  const [run] = await tracking.findRuns('by-hand', { 'mlflow.source.type': 'PROJECT' });
  if (run === undefined) throw new Error('mlflow run left no run');
  return run;
}

/** Everything by which MLflow's pages compare runs, and show where one comes from, is what `mlflow run` writes. */
function expectSameHabits(ours: TrackingRun, theirs: TrackingRun) {
  expect(ours.parameters).toEqual(theirs.parameters);
  const written = Object.keys(theirs.tags).filter((name) => name.startsWith('mlflow.'));
  expect(Object.keys(ours.tags)).toEqual(expect.arrayContaining(written));
  for (const name of ['source.type', 'project.entryPoint', 'project.env', 'project.backend']) {
    expect([name, ours.tags[`mlflow.${name}`]]).toEqual([name, theirs.tags[`mlflow.${name}`]]);
  }
  expect(ours.tags).toMatchObject({
    'mlflow.user': 'ann',
    'mlflow.source.name': 'https://github.test/a/b',
    'mlflow.source.git.commit': 'a'.repeat(40),
  });
}

describe('a real MLflow Project', () => {
  test('is trained, evaluated, registered and packed, each step from what the one before left', async () => {
    const { request, ports, runtime, config, tracking, workspace } = await prepare(
      'tabular',
      '{ etl: etl, train: train }',
    );
    const trained = await train(request, ports);
    const { 'run-id': runId = '', 'model-uri': modelUri = '' } = trained.outputs;
    expect(trained.reasonCode).toBe('trained');
    const training = readTraining(JSON.stringify({ schema_version: 1, action: 'train', ...trained.result }));
    expect((await train({ ...request, holder: { round: 0, attempt: 2 } }, ports)).reasonCode).toBe(
      'already-trained',
    );
    expect((await tracking.getRun(runId)).metrics['train_accuracy']).toBeGreaterThan(0.5);
    expectSameHabits(await tracking.getRun(runId), await runByHand(workspace, tracking));

    const { holdout } = config.data;
    if (holdout === undefined) throw new Error('no holdout');
    const predictions = path.join(folder, 'predictions.parquet');
    const [evaluation] = await runtime.evaluate({
      targets: [{ modelUri, predictions }],
      holdout,
      answers: { contract: {}, isSettled: false },
      input: undefined,
      examples: [],
    });
    const fewer = { ...holdout, inputs: ['income'] };
    await expect(
      runtime.evaluate({
        targets: [{ modelUri, predictions }],
        holdout: fewer,
        answers: { contract: {}, isSettled: false },
        input: undefined,
        examples: [],
      }),
    ).rejects.toThrow(/signature names age, region, which .* gives to no model/);
    const held = await readHoldout(workspace, holdout);
    const stored = await readAnswers(predictions, held.ids.length);
    expect(evaluation?.modelDigest).toBe(training.modelDigest);
    expect(stored).toMatchObject({ modelDigest: training.modelDigest });
    expect(stored.answers.ids).toHaveLength(evaluation?.rows ?? -1);
    const joined = joinAnswers(stored.answers, held, 'challenger');
    if (!joined.ok) throw new Error(joined.error.map(({ message }) => message).join('\n'));
    expectGateByOwnMetric(config, joined.value);

    const { version } = await tracking.register(config.model, training, {});
    const build = {
      tracking,
      log,
      python: runtime,
      fetchData: async () => undefined,
      packageFolder: async () => mkdtempSync(path.join(folder, 'package-')),
      listFiles: (built: string) => readdir(built),
      writeBatching,
    };
    const registered = {
      ...({ schema_version: 1, action: 'register' } as const),
      ...{ version, runId, modelUri, modelDigest: training.modelDigest },
    };
    const built = await buildTorchserve({ config, registered }, build);
    expect(built.reasonCode).toBe('package-built');
    const other = { ...registered, modelDigest: `sha256:${'0'.repeat(64)}` };
    await expect(buildTorchserve({ config, registered: other }, build)).rejects.toThrow(/was judged with/);

    const packages = createPackageSource({
      tracking,
      folder: mkdtempSync(path.join(folder, 'fetched-')),
      hashFile,
      readText: (file) => readFile(file, 'utf8'),
    });
    const name = built.outputs.package ?? '';
    const described = await packages.describe(name, runId);
    expect(described.manifest).toMatchObject({ version, runId, modelDigest: training.modelDigest });
    const local = await packages.fetch(described.built);
    expect(local.blobs).toHaveLength(4);
    await expect(packages.fetchProfile(described.built)).resolves.toMatchObject({ model: config.model });

    // Someone with write access to the artifacts changes the archive.
    await tracking.uploadArtifact(runId, `${described.built.artifactPath}/model.mar`, predictions);
    await expect(packages.fetch(described.built)).rejects.toThrow(/was changed after it was built/);
  }, 600_000);

  test.each([
    ['raises', 'training-failed'],
    ['logs-no-model', 'no-model-logged'],
    ['no-signature', 'no-signature'],
  ])(
    'that fails as users’ projects do (%s) is told apart',
    async (project, code) => {
      const { request, ports } = await prepare(project, '{ train: train }');
      const thrown: unknown = await train(request, { ...ports, readHoldout: async () => undefined }).catch(
        (error: unknown) => error,
      );
      const problem = thrown instanceof UserError ? thrown.problems[0] : undefined;
      expect(problem?.code).toBe(code);
      if (code !== 'training-failed') return;
      expect(problem?.message).toContain('RuntimeError: loss is not a number in epoch 2');
      expect(problem?.where).toMatchObject({ kind: 'file', file: 'train.py' });
    },
    300_000,
  );
});

describe('what user code gets', () => {
  const step = {
    uri: '.',
    entryPoint: 'train',
    parameters: { note: 'two words; $(rm)' },
    experiment: 'e',
    runId: 'r',
    timeoutSeconds: 1,
    variables: {},
  };

  test('its parameters, one argument each, whatever they hold', () => {
    const args = projectArguments({ ...step, environment: 'local' });
    expect(args).toContain('note=two words; $(rm)');
    expect(args.slice(args.indexOf('--env-manager'))[1]).toBe('local');
    expect(projectArguments({ ...step, environment: 'docker' })).not.toContain('--env-manager');
  });

  test('is the tracking credentials, and none of the job’s other secrets or command files', () => {
    const env = {
      MLFLOW_TRACKING_TOKEN: 'kept',
      HOME: '/home',
      'INPUT_GITHUB-TOKEN': 'x',
      GITHUB_TOKEN: 'x',
      GITHUB_OUTPUT: 'x',
      TRAINYARD_SIGNING_KEY: 'x',
      TRAINYARD_AGENT_TOKEN: 'x',
      TRAINYARD_DISPATCH_SECRET: 'x',
      ACTIONS_RUNTIME_TOKEN: 'x',
    };
    expect(withoutSecrets(env)).toEqual({ MLFLOW_TRACKING_TOKEN: 'kept', HOME: '/home' });
  });
});
