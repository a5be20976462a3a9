import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Plan } from '../../actions/job/handoff.ts';
import { type Host, readHost } from '../../actions/job/host.ts';
import { connectFetch } from '../../actions/job/programs/connect-fetch.ts';
import { createFetch, readFetched } from '../../actions/job/programs/fetch-data.ts';
import { createLineRunner } from '../../adapters/programs/shell-line.ts';
import { UserError } from '../../core/errors.ts';
import { SECRETS } from '../../core/names.ts';
import type { Log } from '../../core/ports.ts';
import type { CommandLine } from '../../core/shell-port.ts';
import { problemOf } from '../fixtures/problem-of.ts';
import { createWorld } from './support/deployment.ts';

const NEVER = new AbortController().signal;

function folderOf(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `ty-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function dataOf(fetch?: string) {
  return { inputs: [], ...(fetch !== undefined && { fetch }) };
}

/** Where commands are run for real, in a folder of their own, and what was said. */
function workplace(env: Readonly<Record<string, string | undefined>> = {}, python = 'python3') {
  const [cwd, lines] = [folderOf('fetch'), [] as string[]];
  const log: Log = {
    info: (line) => lines.push(line),
    warn: (line) => lines.push(line),
    group: (title, work) => {
      lines.push(`> ${title}`);
      return work();
    },
  };
  const runLine = createLineRunner({
    ...{ cwd, python, env: { PATH: process.env['PATH'], ...env } },
    ...{ trackingUri: 'http://mlflow', onLine: log.info },
  });
  const here = { runner: 'gpu-runner', isBoxed: false, mostSeconds: 86_400 } as const;
  return { cwd, lines, log, options: { ...here, runLine, log, signal: NEVER } };
}

describe('data.fetch', () => {
  test('is run in the root of the checkout, once in a job, its words as lines of a group', async () => {
    const { cwd, lines, options } = workplace();
    const fetchData = createFetch(options);
    const data = dataOf('mkdir -p data; echo one >> data/holdout.csv; echo fetched');
    await Promise.all([fetchData(data), fetchData(data)]);
    await fetchData(data);
    expect(readFileSync(path.join(cwd, 'data', 'holdout.csv'), 'utf8')).toBe('one\n');
    expect(lines).toEqual(['> Fetching the data', data.fetch, 'fetched']);
  });

  test('is nothing where nobody wrote it', async () => {
    const { lines, options } = workplace();
    await createFetch(options)(dataOf());
    expect(lines).toEqual([]);
  });

  test('sees the runner’s environment and what callers give, and none of our secrets', async () => {
    const secrets = Object.fromEntries(Object.values(SECRETS).map((name) => [name, 'sesame']));
    const ours = { 'INPUT_GITHUB-TOKEN': 'sesame', ACTIONS_RUNTIME_TOKEN: 'sesame', GITHUB_TOKEN: 'sesame' };
    const { lines, options } = workplace({
      ...{ ...secrets, ...ours, GITHUB_OUTPUT: '/sesame' },
      ...{ AWS_ACCESS_KEY_ID: 'key', HTTPS_PROXY: 'http://proxy', BUCKET: 's3://ours', HOME: '/home/runner' },
    });
    const shown = ['AWS_ACCESS_KEY_ID', 'HTTPS_PROXY', 'HOME', 'MLFLOW_TRACKING_URI'];
    await createFetch(options)(
      dataOf(`env; echo "said \${BUCKET}"; printenv ${shown.join(' ')} | tr '\\n' ' '`),
    );
    expect(lines.join('\n')).not.toContain('sesame');
    expect(lines).toContain('said s3://ours');
    expect(lines.at(-1)).toBe('key http://proxy /home/runner http://mlflow ');
  });

  test('finds what is installed beside the Python that the action was given, before anything else', async () => {
    const bin = folderOf('environment');
    mkdirSync(path.join(bin, 'bin'));
    writeFileSync(path.join(bin, 'bin', 'dvc'), '#!/bin/sh\necho "that of the environment: $*"\n', {
      mode: 0o755,
    });
    const { lines, options } = workplace({}, path.join(bin, 'bin', 'python'));
    await createFetch(options)(dataOf('dvc pull data.dvc'));
    expect(lines.at(-1)).toBe('that of the environment: pull data.dvc');
  });

  test.each([
    ['at a command that fails', 'false; touch made'],
    ['in a pipe, too', 'false | cat; touch made'],
    ['at a variable without a value', 'echo $NOBODY_SET_ME; touch made'],
  ])('stops %s', async (_, line) => {
    const { cwd, options } = workplace();
    expect((await problemOf(createFetch(options)(dataOf(line))))?.code).toBe('fetch-failed');
    expect(existsSync(path.join(cwd, 'made'))).toBe(false);
  });
});

/** A program that says this on its error output, and gives up. */
const saying = (words: string) => `printf '%b\\n' '${words}' >&2; exit 3`;

describe('a data.fetch that fails', () => {
  test.each([
    [
      'aws',
      'fatal error: An error occurred (403) when calling the HeadObject operation: Forbidden',
      'Forbidden.',
    ],
    [
      'dvc, which says at last where to read more',
      'ERROR: failed to pull data from the cloud\\n<https://error.dvc.org/missing-files>',
      'failed to pull data from the cloud.',
    ],
    [
      'a program in Python',
      'Traceback (most recent call last):\\n  File "/opt/x.py", line 1, in <module>\\nValueError: no such run',
      'ValueError: no such run.',
    ],
    ['one that says nothing', '', 'it printed nothing.'],
  ])('is told with the words of %s', async (_, words, told) => {
    const problem = await problemOf(createFetch(workplace().options)(dataOf(saying(words))));
    expect(problem?.code).toBe('fetch-failed');
    expect(problem?.message).toMatch(
      /^data\.fetch in trainyard\.yml \(`.*`\) failed with exit code 3 on the gpu-runner: /,
    );
    expect(problem?.message).toContain(told);
  });

  test.each([
    ['gpu-runner', /beside the Python that the input `python` names/],
    ['control-runner', /the job that judges reads the holdout on that runner/],
  ] as const)('for want of its program says what is missing on the %s', async (runner, remedy) => {
    const { options } = workplace();
    const problem = await problemOf(createFetch({ ...options, runner })(dataOf('dvcc pull data.dvc')));
    expect(problem).toMatchObject({ code: 'fetch-program-missing' });
    expect(problem?.message).toContain(`needs dvcc, which the ${runner} has not`);
    expect(problem?.remedy).toMatch(remedy);
  });

  test('for want of a file of the repository says that the file is not there, not that a program is', async () => {
    const problem = await problemOf(createFetch(workplace().options)(dataOf('./tools/fetch.sh all')));
    expect(problem).toEqual({
      code: 'fetch-script-missing',
      message:
        'data.fetch in trainyard.yml (`./tools/fetch.sh all`) runs ./tools/fetch.sh, which is not there: bash: line 1: ./tools/fetch.sh: No such file or directory.',
      remedy: 'Commit ./tools/fetch.sh or have it made before, or correct its path in data.fetch.',
    });
  });

  test('in the box of trainings says that the box has another home', async () => {
    const problem = await problemOf(createFetch({ ...workplace().options, isBoxed: true })(dataOf('exit 1')));
    expect(problem?.remedy).toContain('docs/runners.md');
  });

  test('is ended when its time is up: two hours, or what the default branch allows a box', async () => {
    const asked: CommandLine[] = [];
    const runLine = async (line: CommandLine) => {
      asked.push(line);
      return { status: 'timed-out', code: undefined, lines: [] } as const;
    };
    const options = { ...workplace().options, runLine };
    const problem = await problemOf(createFetch(options)(dataOf('sleep 9999')));
    expect(problem).toMatchObject({ code: 'fetch-timed-out' });
    expect(problem?.message).toContain('7200 s');
    const less = await problemOf(createFetch({ ...options, mostSeconds: 60 })(dataOf('sleep 9999')));
    expect(less?.remedy).toContain('box.timeout');
    expect(asked.map(({ timeoutSeconds }) => timeoutSeconds)).toEqual([7_200, 60]);
  });

  test('because the job was cancelled is no failure of its own', async () => {
    const work = createFetch(workplace().options)(dataOf('sleep 60'), AbortSignal.timeout(200));
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('data that are not there', () => {
  const missing = new UserError([{ code: 'holdout-missing', message: 'It is gone.', remedy: 'Commit it.' }]);

  test('after data.fetch has run are told with that', async () => {
    const read = () => readFetched(dataOf('dvc pull data/train.csv.dvc'), () => Promise.reject(missing));
    expect(await problemOf(read())).toEqual({
      code: 'holdout-missing',
      message:
        'It is gone. data.fetch in trainyard.yml (`dvc pull data/train.csv.dvc`) has run before, and has not brought it.',
      remedy: 'Have data.fetch bring it, or correct the path under `data` in trainyard.yml.',
    });
  });

  test('and anything else that is wrong, are told as they are otherwise', async () => {
    const other = new UserError([{ code: 'holdout-empty', message: 'It is empty.', remedy: 'Fill it.' }]);
    await expect(readFetched(dataOf(), () => Promise.reject(missing))).rejects.toBe(missing);
    expect(await problemOf(readFetched(dataOf('x'), () => Promise.reject(other)))).toEqual(other.problems[0]);
    expect(await readFetched(dataOf('x'), async () => 7)).toBe(7);
  });
});

function withPolicy(plan: Plan, policySha: string | undefined): Plan {
  return { ...plan, ...(policySha !== undefined && { policySha }) };
}

describe('in a job that may hold secrets', () => {
  /** A job in a clone, and what it would run. */
  function jobIn(policySha: (head: string) => string | undefined) {
    const [workspace, lines] = [folderOf('clone'), [] as string[]];
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: workspace,
        encoding: 'utf8',
      });
    git('init', '--quiet');
    writeFileSync(path.join(workspace, 'must-pass.csv'), 'x,label\n1,a\n');
    git('add', '--all');
    git('commit', '--quiet', '--message', 'Begin');
    const env = { PATH: process.env['PATH'], GITHUB_WORKSPACE: workspace, RUNNER_TEMP: workspace };
    const log: Log = { info: (line) => lines.push(line), warn: () => {}, group: (_, work) => work() };
    const run = { eventName: '', payload: {}, sha: '', actor: 'ann', runId: 1, runAttempt: 1 };
    const host: Host = readHost(env, { ...run, serverUrl: 'https://x', apiUrl: 'https://y' }, log);
    const { plan, config } = createWorld([]).job({ operation: 'train' }).request;
    const job = {
      ...{ plan: withPolicy(plan, policySha(git('rev-parse', 'HEAD').trim())), log },
      ...{ python: 'python3', signal: NEVER, runner: 'control-runner' as const },
    };
    return { fetchData: connectFetch(host, config, job), lines };
  }

  test('the command of the commit that plan has resolved is run', async () => {
    const { fetchData, lines } = jobIn((head) => head);
    await fetchData(dataOf('echo here'));
    expect(lines).toContain('here');
  });

  test('that of another commit is not', async () => {
    const { fetchData, lines } = jobIn(() => 'f'.repeat(40));
    expect((await problemOf(fetchData(dataOf('echo here'))))?.code).toBe('other-policy-commit');
    expect(lines).toEqual([]);
  });

  test('none is run where nobody knows the commit', async () => {
    const { fetchData, lines } = jobIn(() => undefined);
    expect((await problemOf(fetchData(dataOf('echo here'))))?.code).toBe('policy-commit-unknown');
    expect(lines).toEqual([]);
  });

  test('what it brings takes the place of no file of the commit', async () => {
    const { fetchData } = jobIn((head) => head);
    const problem = await problemOf(fetchData(dataOf('echo 2,b >> must-pass.csv; echo 1 > new.csv')));
    expect(problem).toMatchObject({
      code: 'fetch-changed-commit',
      message: 'data.fetch has changed what git keeps: must-pass.csv.',
    });
  });
});
