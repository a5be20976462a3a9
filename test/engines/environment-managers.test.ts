import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { findProgram } from '../../adapters/programs/find-program.ts';
import { ROOT, STATE_DIR, VENV_BIN, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { startTrainAction } from './support/train-action.ts';

/** The uv that these tests install for themselves, from the index that pip knows. */
const UV = 'uv==0.13.9';

/**
 * The version of the Python that the tests run, to the last number (of `3.11` pyenv would take the newest, and build it), and the folder of
 * that Python itself, which uv takes rather than one of a virtual environment.
 */
const [PYTHON_VERSION = '', PYTHON_BIN = ''] = spawnSync(
  venvProgram('python'),
  ['-c', 'import platform, sys; print(platform.python_version(), sys.base_prefix + "/bin")'],
  { encoding: 'utf8' },
)
  .stdout.trim()
  .split(' ');

const folder = mkdtempSync(path.join(STATE_DIR, 'managers-'));
let server: MlflowServer;

beforeAll(async () => {
  server = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
});
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Trains the tiny project with a manager; `programs` come first on the runner's PATH. */
async function trainWith(
  manager: string,
  programs: readonly string[],
  variables: Readonly<Record<string, string>> = {},
) {
  const workspace = path.join(folder, `workspace-${manager}`);
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'tiny'), workspace, { recursive: true });
  const environment = ['mlflow-skinny==3.17.2', 'numpy', 'pandas'].map((name) => `  - ${name}`);
  const python = [`python: "${PYTHON_VERSION}"`, 'dependencies:', ...environment].join('\n');
  writeFileSync(path.join(workspace, 'python_env.yaml'), `${python}\n`);
  const lines = [
    'version: 1',
    'model: tiny',
    `tracking: { uri: "${server.url}" }`,
    `project: { environment: ${manager}, parameters: { scale: 3.0 } }`,
    'gate: [{ metric: accuracy, floor: 0.1 }]',
  ];
  writeFileSync(path.join(workspace, 'trainyard.yml'), `${lines.join('\n')}\n`);
  const temp = path.join(folder, `temp-${manager}`);
  const PATH = [...programs, '/usr/local/bin', '/usr/bin', '/bin'].join(path.delimiter);
  const job = startTrainAction({
    workspace,
    temp,
    correlationId: `with-${manager}`,
    env: { PATH, ...variables },
  });
  const { code, outputs } = await job.ended;
  return { code, outputs, said: job.lines.join('\n') };
}

/** What the run says of the model that came of it. */
async function runOf(outputs: Readonly<Record<string, string>>) {
  return createMlflow({ uri: server.url }, systemClock).getRun(outputs['run-id'] ?? '');
}

/** A folder with uv, or why there is none. */
function installUv(): { readonly bin: string } | { readonly missing: string } {
  const own = path.join(folder, 'uv');
  const made = spawnSync(venvProgram('python'), ['-m', 'venv', own], { encoding: 'utf8' });
  if (made.status !== 0) return { missing: made.stderr };
  const bin = path.join(own, 'bin');
  const pip = [path.join(bin, 'python'), '-m', 'pip', 'install', '--quiet', UV] as const;
  const { status, stderr } = spawnSync(pip[0], pip.slice(1), { encoding: 'utf8', timeout: 120_000 });
  return status === 0
    ? { bin }
    : { missing: `no index of packages gives ${UV}: ${stderr.trim().split('\n').at(-1)}` };
}

describe('a project trains', () => {
  test('in the Python of the runner, with `local`', async () => {
    const { code, outputs, said } = await trainWith('local', []);
    expect(code, said).toBe(0);
    expect(said).toContain(`trained by ${path.dirname(VENV_BIN)}`);
    const run = await runOf(outputs);
    expect(run.metrics).toEqual({ scale: 3 });
    expect(run.tags).not.toHaveProperty('mlflow.project.env', 'uv');
  });

  test('in an environment that uv makes of its python_env.yaml, with `uv`', async (context) => {
    const uv = installUv();
    if ('missing' in uv) return context.skip(uv.missing);
    const { code, outputs, said } = await trainWith('uv', [uv.bin, PYTHON_BIN]);
    expect(code, said).toBe(0);
    // In the box its home is /tmp, and so the environment is a new one for each step.
    expect(said).toMatch(/trained by \/tmp\/\.mlflow\/envs\/mlflow-[0-9a-f]+/);
    const run = await runOf(outputs);
    expect(run.metrics).toEqual({ scale: 3 });
    expect(run.tags).toHaveProperty('mlflow.project.env', 'uv');
    expect(run.modelUri).toBeDefined();
  });

  test('in an environment of a Python that pyenv has, with `virtualenv`', async (context) => {
    const found = findPyenv();
    if ('missing' in found) return context.skip(found.missing);
    const { code, outputs, said } = await trainWith('virtualenv', [found.bin], { PYENV_ROOT: found.root });
    expect(code, said).toBe(0);
    expect(said).toMatch(/trained by \/tmp\/\.mlflow\/envs\/mlflow-[0-9a-f]+/);
    const run = await runOf(outputs);
    expect([run.metrics, run.tags['mlflow.project.env']]).toEqual([{ scale: 3 }, 'virtualenv']);
  });

  test('in an environment that conda makes, with `conda`', async (context) => {
    const conda = findProgram('conda', process.env['PATH'] ?? '');
    if (conda === undefined) return context.skip('there is no conda on this machine');
    const { code, outputs, said } = await trainWith('conda', [path.dirname(conda)]);
    expect(code, said).toBe(0);
    expect((await runOf(outputs)).metrics).toEqual({ scale: 3 });
  });
});

test.each([
  ['virtualenv', 'pyenv'],
  ['uv', 'uv'],
  ['conda', 'conda'],
  ['docker', 'docker'],
])('a runner without the program of `%s` is told so before anything is trained', async (manager, program) => {
  const { code, outputs, said } = await trainWith(manager, [], { PATH: folder });
  expect([code, outputs['run-id']]).toEqual([1, '']);
  expect(said).toContain('::error title=trainyard%3A environment-manager-missing,file=trainyard.yml,line=4');
  expect(said).toContain(`by \`${program}\`, which is not on the PATH of this runner`);
});

/** pyenv and the root that its Pythons are in, where it has that of the virtual environment; else why not. */
function findPyenv(): { readonly bin: string; readonly root: string } | { readonly missing: string } {
  const program = findProgram('pyenv', process.env['PATH'] ?? '');
  if (program === undefined) return { missing: 'there is no pyenv on this machine' };
  const root = spawnSync(program, ['root'], { encoding: 'utf8' }).stdout.trim();
  if (existsSync(path.join(root, 'versions', PYTHON_VERSION))) return { bin: path.dirname(program), root };
  return { missing: `pyenv has no Python ${PYTHON_VERSION}, and would have to build one` };
}
