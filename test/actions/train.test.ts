import { describe, expect, test } from 'vitest';
import { findTraceback } from '../../actions/train/find-traceback.ts';
import { type TrainPorts, type TrainRequest, train } from '../../actions/train/train.ts';
import { UserError } from '../../core/errors.ts';
import type { ProjectStep, StepEnd } from '../../core/ports.ts';
import { createWorld } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import type { MemoryTracking } from './support/memory-tracking.ts';

const DONE: StepEnd = { status: 'succeeded', code: 0, lines: [] };

type Bench = {
  readonly request: TrainRequest;
  readonly ports: TrainPorts;
  readonly tracking: MemoryTracking;
  readonly steps: ProjectStep[];
};

/** A training whose project does `run`; by default it logs a model. */
function createBench(run?: (step: ProjectStep, tracking: MemoryTracking) => StepEnd): Bench {
  const world = createWorld([]);
  const { tracking, clock } = world;
  const { plan, config, signal } = world.job({ operation: 'train', parameters: { lr: 0.1 } }).request;
  const steps: ProjectStep[] = [];
  const logModel = (step: ProjectStep) => {
    const known = tracking.runs.get(step.runId);
    if (known !== undefined)
      tracking.runs.set(step.runId, { ...known, modelUri: 'models:/m-1', status: 'FINISHED' });
    return DONE;
  };
  const ports: TrainPorts = {
    tracking,
    clock,
    log: world.job({}).ports.log,
    project: {
      run: async (step) => {
        steps.push(step);
        return run === undefined ? logModel(step) : run(step, tracking);
      },
    },
    hashData: async () => ({ digest: digestOf('data'), files: [] }),
    writeTemp: async (name) => `/tmp/${name}`,
  };
  const request = {
    plan,
    config,
    workspace: '/home/ada',
    repository: 'acme/digits',
    runUrl: 'http://run',
    signal,
  };
  return { request, ports, tracking, steps };
}

async function problemsOf(work: Promise<unknown>) {
  const thrown: unknown = await work.catch((error: unknown) => error);
  return thrown instanceof UserError ? thrown.problems : [];
}

describe('train', () => {
  test('runs the project inside a run that carries commit, data digest and correlation id', async () => {
    const { request, ports, tracking, steps } = createBench();
    const outcome = await train(request, ports);
    expect(outcome.outputs).toEqual({ 'run-id': 'run-1', 'model-uri': 'models:/m-1' });
    expect(steps[0]).toMatchObject({ entryPoint: 'main', parameters: { lr: 0.1 }, runId: 'run-1' });
    expect(tracking.runs.get('run-1')?.tags).toMatchObject({
      'trainyard.correlation-id': 'comment-1',
      'trainyard.data-digest': digestOf('data'),
    });
    expect(tracking.artifacts.has('run-1/trainyard/provenance.json')).toBe(true);
  });

  test('finds a training that is done, and does not repeat it', async () => {
    const { request, ports, steps } = createBench();
    await train(request, ports);
    const again = await train(request, ports);
    expect(again.reasonCode).toBe('already-trained');
    expect(again.outputs['run-id']).toBe('run-1');
    expect(steps).toHaveLength(1);
  });

  test('starts a lost training anew, and tells the script which run it goes on from', async () => {
    const { request, ports, tracking, steps } = createBench();
    const tags = { 'trainyard.correlation-id': 'comment-1', 'trainyard.step': 'train' };
    const lost = await tracking.createRun({ experiment: 'mnist', name: 'lost', tags });
    await train(request, ports);
    expect(tracking.runs.get(lost.runId)?.status).toBe('KILLED');
    expect(steps[0]?.variables).toEqual({ TRAINYARD_RESUME_RUN_ID: lost.runId });
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
    const { request, ports, tracking } = createBench(() => ({ status: 'failed', code: 1, lines }));
    const [problem] = await problemsOf(train(request, ports));
    expect(problem).toMatchObject({
      code: 'training-failed',
      message: expect.stringContaining('ValueError: bad shape'),
      where: { kind: 'file', file: 'train.py', line: 7 },
    });
    expect(tracking.runs.get('run-1')?.status).toBe('FAILED');
  });

  test.each([
    ['no model', () => DONE, true, 'no-model-logged'],
    ['no signature', undefined, false, 'no-signature'],
    [
      'too slow',
      (): StepEnd => ({ status: 'timed-out', code: undefined, lines: [] }),
      true,
      'training-timed-out',
    ],
  ] as const)('says what to change: %s', async (_name, run, hasSignature, code) => {
    const { request, ports, tracking } = createBench(run);
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
    const { request, ports, steps } = createBench(() => ({
      status: 'timed-out',
      code: undefined,
      lines: [],
    }));
    const plan = { ...request.plan, box: { ...request.plan.box, timeoutSeconds } };
    const [problem] = await problemsOf(train({ ...request, plan }, ports));
    expect(steps[0]?.timeoutSeconds).toBe(most);
    expect(problem?.message).toContain(`${most} s`);
    expect(problem?.remedy).toContain(key);
  });
});

describe('a traceback', () => {
  test('is the last one, without a frame when none is the user’s', () => {
    const lines = [
      'Traceback (most recent call last):',
      '  File "/usr/lib/a.py", line 1, in <module>',
      'KeyError: 1',
    ];
    expect(findTraceback(lines, '/home/ada')).toEqual({
      message: 'KeyError: 1',
      file: undefined,
      line: undefined,
    });
  });

  test('is absent where there is none', () => {
    expect(findTraceback(['Killed'], '/home/ada')).toBeUndefined();
  });
});
