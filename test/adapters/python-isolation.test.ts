import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { listedVariables } from '../../adapters/box/listed-variables.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const workspace = mkdtempSync(path.join(tmpdir(), 'trainyard-shadow-'));
const loot = path.join(workspace, 'loot.txt');
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/** Modules that Python, MLflow or our own runtime would import, if the working copy were looked into. */
const SHADOWS = [
  'sitecustomize.py',
  'usercustomize.py',
  'json.py',
  'numpy.py',
  'argparse.py',
  'mlflow.py',
  'conftest.py',
  path.join('trainyard', '__init__.py'),
  path.join('trainyard', 'evaluate.py'),
];

test('nothing in the working copy stands in for a module of ours or of Python’s', async () => {
  const lines: string[] = [];
  for (const shadow of SHADOWS) {
    mkdirSync(path.dirname(path.join(workspace, shadow)), { recursive: true });
    writeFileSync(
      path.join(workspace, shadow),
      `open(${JSON.stringify(loot)}, 'a').write(__file__ + '\\n')\n`,
    );
  }
  const startup = path.join(workspace, 'sitecustomize.py');
  const env = {
    ...process.env,
    PYTHONPATH: workspace,
    PYTHONSTARTUP: startup,
    PYTHONHOME: '',
    PYTHONUSERBASE: workspace,
  };
  const runtime = createPythonRuntime({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace, env },
    ...{
      trackingUri: 'http://127.0.0.1:1',
      policy: { require: false, timeoutSeconds: 600 },
      environment: 'runner',
      onLine: (line: string) => lines.push(line),
    },
  });
  const cwd = process.cwd();
  process.chdir(workspace);
  try {
    // The runtime of ours starts, and refuses what is no package.
    await expect(runtime.measurePackage(path.join(workspace, 'no-package'), 200, 'none')).rejects.toThrow(
      'internal',
    );
  } finally {
    process.chdir(cwd);
  }
  expect(lines.join('\n')).toMatch(/FileNotFoundError.*golden\.json/);
  expect(() => readFileSync(loot, 'utf8')).toThrow('ENOENT');
});

test('a refusal of the runtime keeps its own code and remedy, also where it names no file', async () => {
  const runtime = createPythonRuntime({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace, env: process.env },
    ...{
      trackingUri: 'http://127.0.0.1:1',
      policy: { require: false, timeoutSeconds: 600 },
      environment: 'runner',
      onLine: () => undefined,
    },
  });
  const holdout = { path: 'none.csv', target: 'label', slices: [], metrics: {} };
  const targets = [{ modelUri: path.join(workspace, 'no-model'), predictions: 'p.parquet' }];
  await expect(
    runtime.evaluate({
      targets,
      answers: { contract: {}, isSettled: false },
      input: undefined,
      examples: [],
      holdout,
    }),
  ).rejects.toMatchObject({
    problems: [
      {
        code: 'model-not-found',
        remedy: 'Check that the run logged a model, and MLFLOW_TRACKING_URI.',
      },
    ],
  });
}, 120_000);

test('a module that is ended leaves nothing of what it had fetched', async () => {
  const told = path.join(workspace, 'told.txt');
  const python = path.join(workspace, 'python-that-waits');
  const waits = `echo "$TMPDIR" > ${told}.part; mv ${told}.part ${told}; touch "$TMPDIR/model"; exec sleep 600`;
  const script = `#!/bin/sh\ncase "$*" in *"start.py measure "*) ${waits};; esac\nexec ${venvProgram('python')} "$@"\n`;
  writeFileSync(python, script, { mode: 0o755 });
  const job = new AbortController();
  const runtime = createPythonRuntime({
    ...{ python, runtime: path.join(ROOT, 'runtime'), workspace, env: process.env, environment: 'runner' },
    ...{ trackingUri: 'http://127.0.0.1:1', policy: { require: false, timeoutSeconds: 600 } },
    ...{ onLine: () => undefined, signal: job.signal },
  });
  const ended = expect(runtime.measurePackage(workspace, 1, 'none')).rejects.toThrow('cancelled');
  await expect.poll(() => existsSync(told), { timeout: 60_000 }).toBe(true);
  const folder = readFileSync(told, 'utf8').trim();
  expect(path.basename(folder)).toMatch(/^trainyard-python-/);
  job.abort();
  await ended;
  expect(existsSync(folder)).toBe(false);
}, 120_000);

const RUNNER = {
  ...{ GITHUB_OUTPUT: 'x', GITHUB_ENV: 'x', GITHUB_PATH: 'x', GITHUB_STEP_SUMMARY: 'x', GITHUB_TOKEN: 'x' },
  ...{
    ACTIONS_RUNTIME_TOKEN: 'x',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
    'INPUT_GITHUB-TOKEN': 'x',
    STATE_x: 'x',
  },
  ...{
    RUNNER_TEMP: 'x',
    TRAINYARD_SIGNING_KEY: 'x',
    TRAINYARD_AGENT_TOKEN: 'x',
    PYTHONPATH: 'x',
    LD_PRELOAD: 'x',
  },
  ...{ BASH_ENV: 'x', NODE_OPTIONS: 'x', GIT_SSH_COMMAND: 'x', SOMEBODYS_TOKEN: 'x', DATABASE_PASSWORD: 'x' },
};
const MACHINE = { PATH: '/bin', LANG: 'C', CUDA_VISIBLE_DEVICES: '0', OMP_NUM_THREADS: '2' };
const TRACKING = { MLFLOW_TRACKING_TOKEN: 't', AWS_ACCESS_KEY_ID: 'a', https_proxy: 'p', SSL_CERT_FILE: 'c' };
const TOOLS = {
  PIP_INDEX_URL: 'i',
  UV_INDEX_URL: 'i',
  CONDA_PREFIX: '/opt/conda',
  HF_HOME: '/data',
  SLURM_CONF: 's',
};

test('a program gets the variables of its list, and none beside it', () => {
  const env = {
    ...RUNNER,
    ...MACHINE,
    ...TRACKING,
    ...TOOLS,
    ...{ UV_CACHE_DIR: '/home/r/.cache', UV_PUBLISH_TOKEN: 'x' },
    OPTUNA_STORAGE: 'o',
    HOME: '/home/r',
    MNIST_DATA: '/data',
  };
  expect(listedVariables(env, 'model')).toEqual(MACHINE);
  expect(listedVariables(env, 'runtime')).toEqual({
    ...MACHINE,
    ...TRACKING,
    ...{ PIP_INDEX_URL: 'i', UV_INDEX_URL: 'i', UV_CACHE_DIR: '/home/r/.cache', HOME: '/home/r' },
  });
  expect(listedVariables(env, 'training')).toEqual({
    ...MACHINE,
    ...TRACKING,
    ...TOOLS,
  });
});

test('what is named beside the list is given, unless nobody may have it', () => {
  const env = { ...RUNNER, ...MACHINE, MNIST_DATA: '/data' };
  const named = ['MNIST_DATA', ...Object.keys(RUNNER)];
  const { SOMEBODYS_TOKEN, DATABASE_PASSWORD } = RUNNER;
  expect(listedVariables(env, 'training', named)).toEqual({
    ...MACHINE,
    MNIST_DATA: '/data',
    SOMEBODYS_TOKEN,
    DATABASE_PASSWORD,
  });
});
