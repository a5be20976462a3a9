import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readTraining } from '../../actions/job/handoff.ts';
import { requireProject } from '../../actions/train/project/require-project.ts';
import { train } from '../../actions/train/train.ts';
import { UserError } from '../../core/errors.ts';
import type { StepEnd } from '../../core/project-port.ts';
import { digestOf } from './support/memory-agent.ts';
import { createTraining, DONE } from './support/training.ts';

async function problemsOf(work: Promise<unknown>) {
  const thrown: unknown = await work.catch((error: unknown) => error);
  return thrown instanceof UserError ? thrown.problems : [];
}

describe('train', () => {
  test('runs the project inside a run that carries commit, data digest and correlation id', async () => {
    const { request, ports, tracking, steps } = createTraining();
    const outcome = await train(request, ports);
    expect(outcome.outputs).toEqual({ 'run-id': 'run-1', 'model-uri': 'models:/m-1' });
    expect(steps[0]).toMatchObject({ entryPoint: 'main', parameters: { lr: 0.1 }, runId: 'run-1' });
    expect(tracking.runs.get('run-1')?.tags).toMatchObject({
      'trainyard.correlation-id': 'comment-1',
      'trainyard.data-digest': digestOf('data'),
    });
    expect(tracking.artifacts.has('run-1/trainyard/provenance.json')).toBe(true);
  });

  test('hands on which model it made, by the digest of its bytes, and what it read and logged', async () => {
    const { request, ports } = createTraining();
    const { result } = await train(request, ports);
    const training = readTraining(JSON.stringify({ schema_version: 1, action: 'train', ...result }));
    expect(training).toMatchObject({
      runId: 'run-1',
      modelUri: 'models:/m-1',
      modelDigest: digestOf('models:/m-1'),
    });
    expect(training).toMatchObject({ dataDigest: digestOf('data'), metrics: {} });
  });

  test('shows in MLflow what it was given, and leaves what the script has logged itself as it is', async () => {
    const { request, ports, tracking } = createTraining((step) => {
      const run = tracking.runs.get(step.runId);
      if (run !== undefined) tracking.runs.set(step.runId, { ...run, parameters: { lr: '1e-1' } });
      return { ...DONE, status: 'failed', code: 1 };
    });
    await train(request, ports).catch(() => undefined);
    expect(tracking.runs.get('run-1')).toMatchObject({
      parameters: { lr: '1e-1', momentum: '0.9' },
      tags: {
        'mlflow.source.name': 'https://github.test/acme/digits',
        'mlflow.source.git.commit': request.plan.sha,
        'mlflow.project.entryPoint': 'main',
        'mlflow.user': 'ann',
      },
    });
    const silent = createTraining();
    const refusing = { ...silent.tracking, logParameters: () => Promise.reject(new Error('400')) };
    await expect(train(silent.request, { ...silent.ports, tracking: refusing })).resolves.toMatchObject({
      reasonCode: 'trained',
    });
  });

  test('names the line of the user’s script that failed, and closes the run as failed', async () => {
    const lines = [
      'Traceback (most recent call last):',
      '  File "/home/ada/train.py", line 7, in <module>',
      '    fit()',
      '  File "/venv/lib/site-packages/torch/x.py", line 1, in fit',
      'ValueError: bad shape',
      'ERROR mlflow.cli: === Run failed ===',
    ];
    const { request, ports, tracking } = createTraining(() => ({
      ...DONE,
      status: 'failed',
      code: 1,
      lines,
    }));
    const [problem] = await problemsOf(train(request, ports));
    expect(problem).toMatchObject({
      code: 'training-failed',
      message: expect.stringContaining('ValueError: bad shape'),
      where: { kind: 'file', file: 'train.py', line: 7 },
    });
    expect(tracking.runs.get('run-1')?.status).toBe('FAILED');
  });

  test('takes a step for starved that the kernel ended meanwhile, unless it said why it failed', async () => {
    const starved = { ...DONE, status: 'failed', code: 1, memoryKills: 1, lines: ['epoch 3'] } as const;
    const dead = createTraining(() => starved);
    const [problem] = await problemsOf(train(dead.request, dead.ports));
    expect(problem).toMatchObject({ code: 'training-killed', message: expect.stringContaining('epoch 3.') });
    const lines = ['Traceback (most recent call last):', 'KeyError: 7'];
    const wrong = createTraining(() => ({ ...starved, lines }));
    expect((await problemsOf(train(wrong.request, wrong.ports)))[0]?.code).toBe('training-failed');
    // What it has caught, and gone on from, is not what ended it.
    const caught = createTraining(() => ({ ...starved, lines: [...lines, 'went on without it', 'epoch 9'] }));
    expect(await problemsOf(train(caught.request, caught.ports))).toMatchObject([
      { code: 'training-killed', message: expect.stringContaining('epoch 9.') },
    ]);
  });

  test('names the line that a crash in C code came from, and no error that was caught before', async () => {
    const lines = [
      ...['Traceback (most recent call last):', 'ZeroDivisionError: division by zero', 'went on'],
      ...['Fatal Python error: Segmentation fault', '', 'Current thread 0x1 (most recent call first):'],
      '  File "/venv/lib/site-packages/lightgbm/basic.py", line 9 in update',
      '  File "/home/ada/train.py", line 12 in fit',
      '  File "/home/ada/train.py", line 20 in <module>',
      "2026/11/28 09:00:00 ERROR mlflow.cli: === Run (ID 'f00') failed ===",
    ];
    const crashed = createTraining(() => ({ ...DONE, status: 'failed', code: 1, lines }));
    expect(await problemsOf(train(crashed.request, crashed.ports))).toMatchObject([
      {
        code: 'training-failed',
        message: expect.stringContaining('Fatal Python error: Segmentation fault'),
        where: { kind: 'file', file: 'train.py', line: 12 },
      },
    ]);
  });

  test.each([
    ['no model', () => DONE, true, 'no-model-logged'],
    ['no signature', undefined, false, 'no-signature'],
    [
      'too slow',
      (): StepEnd => ({ ...DONE, status: 'timed-out', code: undefined }),
      true,
      'training-timed-out',
    ],
  ] as const)('says what to change: %s', async (_name, run, hasSignature, code) => {
    const { request, ports, tracking } = createTraining(run);
    tracking.hasSignature = hasSignature;
    const [problem] = await problemsOf(train(request, ports));
    expect(problem?.code).toBe(code);
    expect(problem?.remedy).not.toBe('');
    expect(tracking.runs.get('run-1')?.status).toBe('FAILED');
  });

  test.each([
    ['no longer than the default branch allows, whatever the commit says', 60, 60, 'box.timeout'],
    ['as long as the commit says, where that is less', 1_000_000, 21_600, 'project.timeout'],
  ])('runs a step %s', async (_, timeoutSeconds, most, key) => {
    const { request, ports, steps } = createTraining(() => ({
      ...DONE,
      status: 'timed-out',
      code: undefined,
    }));
    const plan = { ...request.plan, box: { ...request.plan.box, timeoutSeconds } };
    const [problem] = await problemsOf(train({ ...request, plan }, ports));
    expect(steps[0]?.timeoutSeconds).toBe(most);
    expect(problem?.message).toContain(`${most} s`);
    expect(problem?.remedy).toContain(key);
  });
});

describe('what is known before a training', () => {
  test('that its holdout can’t be read: nothing is trained', async () => {
    const { request, ports, steps, tracking } = createTraining();
    const missing = {
      code: 'holdout-missing',
      message: 'data/holdout.csv is not there.',
      remedy: 'Commit it.',
    };
    const holdout = { path: 'data/holdout.csv', target: 'y', slices: [], metrics: {} };
    const config = { ...request.config, data: { inputs: [], holdout } };
    const readHoldout = () => Promise.reject(new UserError([missing]));
    const problems = await problemsOf(train({ ...request, config }, { ...ports, readHoldout }));
    expect(problems).toEqual([missing]);
    expect(steps).toEqual([]);
    expect(tracking.runs.get('run-1')?.status).toBe('FAILED');
  });

  test('that a shell would read the value of a variable of the container', async () => {
    const workspace = mkdtempSync(path.join(tmpdir(), 'ty-project-'));
    onTestFinished(() => rmSync(workspace, { recursive: true }));
    writeFileSync(
      path.join(workspace, 'MLproject'),
      'docker_env: { image: a, environment: [TOKEN] }\nentry_points: { main: { command: python train.py } }',
    );
    const { project, tracking } = createTraining().request.config;
    const written = { file: 'trainyard.yml', text: 'version: 1\n', env: { TOKEN: 'a$b' } };
    const config = { project: { ...project, environment: 'docker' as const }, tracking };
    const problems = await problemsOf(requireProject(workspace, written, config));
    expect(problems.map(({ code }) => code)).toEqual(['variable-outside-container']);
  });

  test('that MLproject takes no such parameter, also one of the command', async () => {
    const workspace = mkdtempSync(path.join(tmpdir(), 'ty-project-'));
    onTestFinished(() => rmSync(workspace, { recursive: true }));
    writeFileSync(
      path.join(workspace, 'MLproject'),
      'entry_points: { main: { parameters: { lr: float, depth: { type: int, default: 2 } } } }',
    );
    const text = 'version: 1\nproject: { parameters: { lr: 0.1 } }\n';
    const { project, tracking } = createTraining().request.config;
    const given = (parameters: typeof project.parameters) =>
      requireProject(
        workspace,
        { file: 'trainyard.yml', text, env: {} },
        { project: { ...project, parameters }, tracking },
      );
    await given({ lr: 0.1 });
    const problems = await problemsOf(given({ lr: 'fast', dept: 3 }));
    expect(problems.map(({ code, where }) => [code, where])).toEqual([
      ['unknown-project-parameter', { kind: 'file', file: 'trainyard.yml', line: 2, column: 24 }],
      ['bad-parameter', { kind: 'file', file: 'trainyard.yml', line: 2, column: 30 }],
    ]);
  });
});
