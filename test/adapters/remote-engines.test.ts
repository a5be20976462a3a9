import { expect, test } from 'vitest';
import { createRay } from '../../adapters/remote/ray.ts';
import { createSlurm } from '../../adapters/remote/slurm.ts';

const JOB = {
  ...{ name: 'trainyard-r-1', cwd: '/shared/my work', timeoutSeconds: 90 },
  ...{ command: ['python', '-P', 'note=$(rm)'], variablesFile: '/tmp/env.json' },
};

test('Slurm gets the room that is asked for, a time after which it ends the job itself, and the words as they are', () => {
  const room = { partition: 'gpu', gpus: 2, cpus: 8, memoryBytes: 1_500_000_000 };
  const words = createSlurm({ kind: 'slurm', ...room }).submit(JOB);
  expect(words).toEqual(
    expect.arrayContaining(['--partition=gpu', '--gpus=2', '--cpus-per-task=8', '--mem=1431M', '--time=2']),
  );
  expect(words.slice(words.indexOf('--'))).toEqual(['--', ...JOB.command]);
  expect(createSlurm({ kind: 'slurm' }).submit(JOB).join(' ')).not.toMatch(
    /--(?:mem|gpus|partition|qos|account)/,
  );
});

test('Ray starts the job in the workspace, and no list of processes shows its variables', () => {
  const words = createRay({ kind: 'ray', address: 'http://h:1', gpus: 1 }).submit(JOB);
  expect(words.slice(words.indexOf('--'))).toEqual(['--', 'env', '--chdir=/shared/my work', ...JOB.command]);
  expect(words).toEqual(
    expect.arrayContaining(['--entrypoint-num-gpus=1', '--runtime-env', '/tmp/env.json']),
  );
});

test.each([
  [
    'the job’s own, as Ray tells it',
    1,
    ['Status message: Job entrypoint command failed with exit code 137, last logs:'],
    137,
  ],
  ['that of Ray’s program, where it says no other', 1, ['ConnectionError: no cluster'], 1],
  ['0, whatever the job has printed', 0, ['Job entrypoint command failed with exit code 3'], 0],
  ['none of a program that was killed', undefined, [], undefined],
])('the exit code of a job of Ray is %s', (_, code, stdout, expected) => {
  expect(createRay({ kind: 'ray', address: 'http://h:1' }).codeOf({ code, stdout, stderr: [] })).toBe(
    expected,
  );
});
