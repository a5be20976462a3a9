import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { boxStep } from '../../adapters/mlflow/project.ts';

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
  ]);
  expect(args).not.toContain('--build-image');
});

test('a project in a folder below another (`uri: models#churn`) is where its MLproject is', () => {
  const { args } = enter({}, { ...STEP, uri: 'models#churn' });
  expect(dockerArguments(args)).toContain(
    `volume=${path.join(tmpdir(), 'models/churn')}:/mlflow/projects/code`,
  );
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
