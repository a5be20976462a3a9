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

test('Ray is told of a job in a file: no list of processes shows its words or variables', () => {
  const ray = createRay({ kind: 'ray', address: 'http://h:1', gpus: 1 });
  const words = ray.submit(JOB);
  expect(words).toEqual(
    expect.arrayContaining(['--entrypoint-num-gpus=1', '--runtime-env', '/tmp/env.json']),
  );
  expect(words.join(' ')).not.toMatch(/note=|my work/);
});

const FAILED = [
  "2026-11-30 11:53:01,297\tERR cli.py:75 -- Job 'trainyard-r-1' failed",
  '2026-11-30 11:53:01,297\tERR cli.py:76 -- --------------------------',
];
const status = (code: number) =>
  `2026-11-30 11:53:01,297\tINFO cli.py:88 -- Status message: Job entrypoint command failed with exit code ${code}, last available logs:`;
const SUCCEEDED = "2026-11-30 11:53:01,297\tSUCC cli.py:67 -- Job 'trainyard-r-1' succeeded";

test.each<[string, number | undefined, readonly string[], number | undefined]>([
  ['the job’s own, as Ray tells it', 1, [...FAILED, status(3)], 3],
  ['that, where an old Ray’s program ends with 0 nevertheless', 0, [...FAILED, status(3)], 3],
  ['that of a shell for a job that a signal ended', 1, [...FAILED, status(-9)], 137],
  ['no line of the job that looks alike', 1, [status(7), ...FAILED, status(3), status(8)], 3],
  ['that of Ray’s program, where it says no other', 1, ['ConnectionError: no cluster'], 1],
  ['0 where Ray says so, whatever the job has printed', 0, [status(3), SUCCEEDED], 0],
  ['none of a job that was stopped', 0, ["WARN cli.py:70 -- Job 'trainyard-r-1' was stopped"], undefined],
  ['none of a log that broke off', 0, ["Status for job 'trainyard-r-1': RUNNING"], undefined],
  ['none of a job that alone says so', 0, [SUCCEEDED, "Job 'trainyard-r-1' was stopped"], undefined],
  ['none of a job that only another succeeded', 0, ["Job 'trainyard-r-2' succeeded"], undefined],
  ['none of a program that was killed', undefined, [], undefined],
])('the exit code of a job of Ray is %s', (_, code, lines, expected) => {
  const log = createRay({ kind: 'ray', address: 'http://h:1' }).follow(JOB);
  for (const line of lines) log.onLine(line);
  expect(log.codeOf(code)).toBe(expected);
});
