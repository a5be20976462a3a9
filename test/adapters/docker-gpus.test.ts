import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { boxStep } from '../../adapters/mlflow/project.ts';

const STEP = {
  ...{ uri: '.', entryPoint: 'main', parameters: {}, experiment: 'e', runId: 'r', variables: {} },
  ...{ environment: 'docker' as const, timeoutSeconds: 1 },
};
const BOX = {
  level: 'namespaces' as const,
  home: (temp: string) => temp,
  specify: () => ({}),
  enter: ({ command: [command = '', ...args] }: { readonly command: readonly string[] }) => ({
    command,
    args,
  }),
};

test.each([
  [true, ['--docker-args', 'gpus=all']],
  [false, []],
])(
  'a container of the project sees the GPUs of the runner, where it has some: %s',
  (dockerGpus, expected) => {
    const options = {
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
    };
    const { args } = boxStep({ ...options, dockerGpus }, STEP, { box: BOX, temp: tmpdir() });
    const place = args.indexOf('--docker-args');
    expect(place === -1 ? [] : args.slice(place)).toEqual(expected);
    expect(args).not.toContain('--env-manager');
  },
);
