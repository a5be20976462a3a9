import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { docker, ENGINE } from '../agent/support/docker-host.ts';
import { startTrainAction } from './support/train-action.ts';

const folder = mkdtempSync(path.join(ENGINE.folder, 'project-'));
const IMAGE = 'trainyard/project:tiny';
/** The image's own user, who may write nothing of the job's. */
const NOBODY = 65534;
const SITE = path.join(folder, 'site');
const PACKAGES = ['mlflow-skinny==3.17.2', 'numpy', 'pandas'];
let server: MlflowServer;

beforeAll(async () => {
  await prepareImage();
  server = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
}, 600_000);
afterAll(async () => {
  await server?.child.stop();
  await docker(['image', 'rm', '--force', IMAGE]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** The base image with a user of its own, and the packages of a tiny training beside it, as the runner's pip finds them. */
async function prepareImage(): Promise<void> {
  const release = 'import sys; print("%d.%d" % sys.version_info[:2])';
  const said = await docker(['run', '--rm', '--network', 'none', ENGINE.base, 'python3', '-c', release]);
  const target = ['--target', SITE, '--python-version', said[0] ?? ''];
  const install = ['-m', 'pip', 'install', '--quiet', '--only-binary', ':all:', ...target, ...PACKAGES];
  execFileSync(venvProgram('python'), install, { stdio: 'pipe' });
  const context = path.join(folder, 'image');
  mkdirSync(context);
  writeFileSync(path.join(context, 'Dockerfile'), `FROM ${ENGINE.base}\nUSER ${NOBODY}\n`);
  await docker(['build', '--tag', IMAGE, context]);
}

/** Writes down what it is, for the training and for the test. */
const ETL = [
  'import os',
  'status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)',
  'lines = [str(os.getuid()), status["CapEff"], status["NoNewPrivs"]]',
  'open("told.txt", "w").write("\\n".join(lines))',
];
/** Hears no request to end. */
const STUBBORN = [
  'import signal, time',
  'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
  'print("it sleeps", flush=True)',
  'time.sleep(600)',
];

/** Starts the train action on a project of that name, whose training is the fixture's unless it is told another. */
function startTraining(
  name: string,
  { script, ...given }: { readonly script?: readonly string[]; readonly env?: Record<string, string> } = {},
) {
  const workspace = path.join(folder, name);
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'tiny'), workspace, { recursive: true });
  const write = (file: string, lines: readonly string[]) =>
    writeFileSync(path.join(workspace, file), `${lines.join('\n')}\n`);
  write('etl.py', ETL);
  if (script !== undefined) write('train.py', script);
  write('MLproject', [
    'name: tiny',
    'docker_env:',
    `  image: "${IMAGE}"`,
    `  volumes: ["${SITE}:/opt/site:ro"]`,
    '  environment: [["PYTHONPATH", "/opt/site"]]',
    'entry_points:',
    '  etl: { command: "python3 etl.py" }',
    '  main: { command: "python3 train.py --scale 3" }',
  ]);
  write('trainyard.yml', [
    ...['version: 1', 'model: tiny', `tracking: { uri: "${server.url}" }`],
    ...['project: { environment: docker, steps: { etl: etl, train: main } }'],
    'gate: [{ metric: accuracy, floor: 0.1 }]',
  ]);
  const env = { DOCKER_HOST: ENGINE.host, TRAINYARD_DOCKER_NETWORK: 'host', ...given.env };
  const job = startTrainAction({
    ...{ workspace, temp: path.join(folder, `${name}-temp`), correlationId: name, env },
    box: { docker: true, memoryBytes: 2 ** 31 },
  });
  return { workspace, job };
}

const containersOf = (name: string) =>
  docker(['ps', '--all', '--quiet', '--filter', `label=trainyard.job=${name}`]);

test('the code of the commit trains in its image, as the job’s user, and nothing of it stays', async () => {
  // An attempt whose runner was lost has left this.
  await docker(['run', '--detach', '--label', 'trainyard.job=trains', ENGINE.base, 'sleep', '600']);
  const { workspace, job } = startTraining('trains');
  const { code, outputs } = await job.ended;
  const said = job.lines.join('\n');
  expect(code, said).toBe(0);
  // In the image, and not in the Python of the runner.
  expect(said).toContain('trained by /usr\n');
  const told = path.join(workspace, 'told.txt');
  const [uid, capabilities, noNewPrivileges] = readFileSync(told, 'utf8').split('\n');
  expect([uid, noNewPrivileges]).toEqual([String(process.getuid?.()), '1']);
  expect(capabilities).toMatch(/^0+$/);
  expect(statSync(told).uid).toBe(process.getuid?.());
  const run = await createMlflow({ uri: server.url }, systemClock).getRun(outputs['run-id'] ?? '');
  expect([run.metrics, run.tags['mlflow.project.env']]).toEqual([{ scale: 3 }, 'docker']);
  expect(run.modelUri).toBeDefined();
  expect(JSON.parse(outputs['result'] ?? '')).toMatchObject({ box: 'docker' });
  expect(await containersOf('trains')).toEqual([]);
});

test('a container ends with its job, whether it hears of it or not', async () => {
  const { job } = startTraining('stubborn', { script: STUBBORN });
  await waitFor(() => job.lines.some((line) => line.includes('it sleeps')), 'the training to sleep', 120_000);
  const running = await containersOf('stubborn');
  expect(await docker(['inspect', '--format', '{{.HostConfig.Memory}}', ...running])).toEqual([
    String(2 ** 31),
  ]);
  job.cancel();
  expect((await job.ended).code).not.toBe(0);
  expect(await containersOf('stubborn')).toEqual([]);
});

test('the GPUs of the runner are asked for, which an engine without NVIDIA’s toolkit refuses', async () => {
  const { job } = startTraining('gpus', { env: { CUDA_VISIBLE_DEVICES: '0' } });
  expect((await job.ended).code).toBe(1);
  expect(job.lines.join('\n')).toMatch(/could not select device driver .*\[\[gpu\]\]/);
});
