import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { boxStep } from '../../adapters/mlflow/project.ts';
import { venvProgram } from '../../sandbox/checkout.ts';

const STEP = {
  ...{ uri: 'churn', entryPoint: 'main', parameters: {}, experiment: 'e', runId: 'r', variables: {} },
  ...{ environment: 'docker' as const, timeoutSeconds: 1 },
};
const shown: (readonly string[])[] = [];
const BOX = {
  level: 'namespaces' as const,
  home: (temp: string) => temp,
  specify: () => ({}),
  enter: ({ command, show }: { readonly command: readonly string[]; readonly show: readonly string[] }) => {
    shown.push(show);
    const [program = '', ...args] = command;
    return { command: program, args };
  },
};
const OPTIONS = {
  ...{
    python: 'python',
    runtime: '/runtime',
    cwd: tmpdir(),
    env: {},
    variables: [],
    inputs: [],
    docker: true,
  },
  ...{ policy: { require: false, timeoutSeconds: 60 }, trackingUri: 'http://t', onLine: () => undefined },
  containers: { job: 'abc', gpus: false },
};

/** What is handed on to `docker run`. */
function dockerArguments(args: readonly string[]): readonly string[] {
  return args.filter((_, index) => args[index - 1] === '--docker-args');
}

function enter(options: Partial<Parameters<typeof boxStep>[0]>, step = STEP) {
  return boxStep({ ...OPTIONS, ...options }, step, { box: BOX, temp: tmpdir() });
}

test.each([true, false])('a container of the project sees the GPUs of a runner that has some: %s', (gpus) => {
  const { args } = enter({ containers: { job: 'abc', gpus } });
  expect(dockerArguments(args).includes('gpus=all')).toBe(gpus);
  expect(args).not.toContain('--env-manager');
});

test('it works in the workspace as the user of the job, without privileges, and within the memory of the box', () => {
  const policy = { require: false, timeoutSeconds: 60, memoryBytes: 2 ** 30 };
  const { args } = enter({ policy, env: { TRAINYARD_DOCKER_NETWORK: 'team' } });
  expect(dockerArguments(args)).toEqual([
    `volume=${path.join(tmpdir(), 'churn')}:/mlflow/projects/code`,
    'workdir=/mlflow/projects/code',
    ...['network=team', 'memory=1073741824b'],
    'env=HOME=/tmp',
    `user=${process.getuid?.()}:${process.getgid?.()}`,
    ...['cap-drop=ALL', 'security-opt=no-new-privileges', 'init', 'label=trainyard.job=abc'],
    expect.stringMatching(
      /^e=MLFLOW_TRACKING_USERNAME --env MLFLOW_TRACKING_PASSWORD --env .*CUDA_VISIBLE_DEVICES$/,
    ),
  ]);
  expect(args).not.toContain('--build-image');
});

test('where users have no numbers none is named: it is not root for that', () => {
  vi.stubGlobal('process', Object.create(process, { getuid: { value: undefined } }));
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(dockerArguments(enter({}).args).filter((one) => one.startsWith('user='))).toEqual([]);
});

test('a project in a folder below another (`uri: models#churn`) is where its MLproject is', () => {
  const { args } = enter({}, { ...STEP, uri: 'models#churn' });
  expect(dockerArguments(args)).toContain(
    `volume=${path.join(tmpdir(), 'models/churn')}:/mlflow/projects/code`,
  );
});

/** The words that docker gets of these arguments, after the very line that MLflow writes and has bash read. */
const LINE = [
  'import json, subprocess, sys',
  'import mlflow.projects.backend.local as local',
  'from types import SimpleNamespace as Some',
  'args = dict(one.split("=", 1) if "=" in one else (one, True) for one in json.load(sys.stdin))',
  'info = Some(run_id="r", experiment_id="0", artifact_uri="mlflow-artifacts:/1")',
  'line = " ".join(local._get_docker_command(Some(tags=["image:1"]), Some(info=info), args))',
  String.raw`print(subprocess.check_output(["bash", "-c", "docker() { printf '%s\\n' \"$@\"; }; " + line], text=True))`,
].join('\n');

function wordsOfDocker(args: readonly string[], env: Record<string, string> = {}): readonly string[] {
  const output = execFileSync(venvProgram('python'), ['-c', LINE], {
    input: JSON.stringify(dockerArguments(args)),
    env: { ...process.env, MLFLOW_TRACKING_URI: 'http://t', ...env },
    encoding: 'utf8',
  });
  return output.split('\n');
}

test('what the shell of MLflow reads on the way to docker are our words, and no value of a credential', () => {
  const cwd = '/srv/my "run\'ner"/$(id)/_work;a&b';
  const variables = ['HUB', 'HOME', 'PATH', 'a b'];
  const { args } = enter({ cwd, variables, containers: { job: 'a b;$c', gpus: true } });
  const words = wordsOfDocker(args, { MLFLOW_TRACKING_PASSWORD: 'pa$$w`id`rd&x' });
  expect(words).toContain(`${cwd}/churn:/mlflow/projects/code`);
  expect(words).toContain('trainyard.job=a b;$c');
  const given = words.filter((_, index) => ['-e', '--env'].includes(words[index - 1] ?? ''));
  expect(given).toEqual(expect.arrayContaining(['MLFLOW_TRACKING_PASSWORD', 'HUB', 'HOME=/tmp']));
  expect(given.filter((one) => ['HOME', 'PATH', 'a b'].includes(one))).toEqual([]);
  expect(words.join(' ')).not.toContain('pa$');
}, 60_000);

test('a workspace with a colon is refused, for docker would mount it elsewhere', () => {
  expect(() => enter({ cwd: '/srv/a:/etc' })).toThrow(/can't be told to mount \/srv\/a:\/etc\/churn/);
});

test('certificates of the engine and logins of registries are there to read', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'ty-docker-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  for (const name of ['.docker', 'certs']) mkdirSync(path.join(home, name));
  const certs = path.join(home, 'certs');
  const engine = { DOCKER_HOST: 'tcp://builder:2376', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs };
  const { env: given } = enter({ env: { ...engine, HOME: home } });
  expect(given).toMatchObject({ ...engine, DOCKER_CONFIG: path.join(home, '.docker') });
  expect(shown.at(-1)).toEqual(expect.arrayContaining([certs, path.join(home, '.docker')]));
  const other = enter({ env: { HOME: home, DOCKER_CONFIG: certs } });
  expect(other.env['DOCKER_CONFIG']).toBe(certs);
  expect(enter({ env: { ...engine, HOME: home }, docker: false }).env).not.toHaveProperty('DOCKER_CONFIG');
});

test('a project that MLflow clones goes into an image, for the engine sees no folder of the box', () => {
  const { args } = enter({}, { ...STEP, uri: 'https://github.test/acme/models#churn' });
  expect(args).toContain('--build-image');
  expect(dockerArguments(args).join(' ')).not.toMatch(/volume|workdir/);
});

test.each([
  [{}, '/run/docker.sock', undefined],
  [
    { DOCKER_HOST: `unix://${tmpdir()}/engine.sock` },
    `${tmpdir()}/engine.sock`,
    `unix://${tmpdir()}/engine.sock`,
  ],
  [{ DOCKER_HOST: 'ssh://builder' }, undefined, 'ssh://builder'],
])('with %j the box shows the engine', (env, socket, address) => {
  const { env: given } = enter({ env });
  expect(shown.at(-1)?.filter((place) => place.endsWith('.sock'))).toEqual(
    socket === undefined ? [] : [socket],
  );
  expect(given['DOCKER_HOST']).toBe(address);
  expect(enter({ env, docker: false }).env).not.toHaveProperty('DOCKER_HOST');
  expect(shown.at(-1)?.filter((place) => place.endsWith('.sock'))).toEqual([]);
});

test('MLflow reports no use of itself from a training, unless the runner has it do so', () => {
  const telemetryOf = (env: Record<string, string>) => enter({ env }).env['MLFLOW_DISABLE_TELEMETRY'];
  expect(telemetryOf({})).toBe('true');
  expect(telemetryOf({ MLFLOW_DISABLE_TELEMETRY: 'false' })).toBe('false');
});
