import { describe, expect, test } from 'vitest';
import { sealFinished, sealOpened } from '../../actions/train/find-earlier.ts';
import { train } from '../../actions/train/train.ts';
import { createSeal } from '../../adapters/seal.ts';
import { digestOf } from './support/memory-agent.ts';
import { createTraining, DONE, type TrainingBench } from './support/training.ts';

/** What everybody can tell of a training beforehand: a retrain's correlation id is made of its number, version and environment. */
const TAGS = {
  'trainyard.correlation-id': 'comment-1',
  'trainyard.step': 'train',
  'trainyard.sha': 'a'.repeat(40),
};
const RECORDED = {
  runId: 'run-1',
  modelUri: 'models:/m-1',
  modelDigest: digestOf('models:/m-1'),
  dataDigest: digestOf('data'),
  box: 'namespaces' as const,
};

/** A run that somebody with write access to MLflow has put there. */
async function plant(
  { tracking }: TrainingBench,
  status: 'FINISHED' | 'RUNNING',
  tags: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { runId } = await tracking.createRun({
    experiment: 'mnist',
    name: 'planted',
    tags: { ...TAGS, ...tags },
  });
  const run = await tracking.getRun(runId);
  tracking.runs.set(runId, { ...run, status, modelUri: 'models:/m-poison' });
  return runId;
}

/** The same job once more, as a person runs it again. */
function again({ request, ports }: TrainingBench, change: Partial<TrainingBench['request']> = {}) {
  return train({ ...request, holder: { round: 0, attempt: 2 }, ...change }, ports);
}

/** In which run each step ran, and which lost run its script was told to go on from. */
function resumptions({ steps }: TrainingBench) {
  return steps.map(({ runId, variables }) => [runId, variables['TRAINYARD_RESUME_RUN_ID']]);
}

describe('a run of this training’s name that somebody has put into MLflow', () => {
  test.each([
    [1, 'FINISHED'],
    [2, 'FINISHED'],
    [1, 'RUNNING'],
    [2, 'RUNNING'],
  ] as const)('is neither believed nor touched by attempt %i while it is %s', async (attempt, status) => {
    const bench = createTraining();
    const planted = await plant(bench, status, {
      'trainyard.seal.opened': 'x',
      'trainyard.seal.finished': 'x',
    });
    const outcome = await train({ ...bench.request, holder: { round: 0, attempt } }, bench.ports);
    expect(outcome).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
    expect(resumptions(bench)).toEqual([['run-2', undefined]]);
    expect((await bench.tracking.getRun(planted)).status).toBe(status);
    if (attempt === 2) expect(bench.lines.join()).toContain(`${planted} says that it is this training`);
  });

  test('is not believed with the seals of another run of the same training', async () => {
    const bench = createTraining();
    await train(bench.request, bench.ports);
    const { tags } = await bench.tracking.getRun('run-1');
    await plant(bench, 'FINISHED', tags);
    expect(await again(bench)).toMatchObject({
      reasonCode: 'already-trained',
      outputs: { 'run-id': 'run-1' },
    });
  });

  test('is not believed by the first attempt, though somebody has read the nonce in the log', async () => {
    const bench = createTraining();
    const planted = await plant(bench, 'FINISHED', { 'trainyard.data-digest': digestOf('data') });
    const model = { ...RECORDED, modelUri: 'models:/m-poison', modelDigest: digestOf('models:/m-poison') };
    await bench.tracking.setRunTags(planted, {
      'trainyard.seal.opened': sealOpened(bench.request, bench.ports, planted),
      'trainyard.seal.finished': sealFinished(bench.request, bench.ports, {
        model,
        metrics: {},
        study: undefined,
      }),
    });
    const outcome = await train(bench.request, bench.ports);
    expect(outcome).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
    expect(resumptions(bench)).toEqual([['run-2', undefined]]);
  });

  test('is not believed when it was sealed with another nonce than plan has handed on', async () => {
    const bench = createTraining();
    await train(bench.request, { ...bench.ports, seal: createSeal('guessed') });
    expect(await again(bench)).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
  });
});

describe('a job that runs again', () => {
  test('finds the training that it ended, and does not repeat it', async () => {
    const bench = createTraining();
    const first = await train(bench.request, bench.ports);
    const second = await again(bench);
    expect(second).toMatchObject({
      reasonCode: 'already-trained',
      outputs: first.outputs,
      result: first.result,
    });
    expect(bench.steps).toHaveLength(1);
  });

  test('starts a lost training anew, and tells the script which run it goes on from', async () => {
    const lost = createTraining(() => {
      throw new Error('the runner is gone');
    });
    await train(lost.request, lost.ports).catch(() => undefined);
    await lost.tracking.endRun('run-1', 'RUNNING');
    const bench = createTraining();
    const { tracking } = lost;
    for (const [id, run] of tracking.runs) bench.tracking.runs.set(id, run);
    expect((await again(bench)).reasonCode).toBe('trained');
    expect((await bench.tracking.getRun('run-1')).status).toBe('KILLED');
    expect(resumptions(bench)).toEqual([['run-2', 'run-1']]);
  });

  test.each([
    [
      'the bytes of its model',
      (bench: TrainingBench) => bench.tracking.modelDigests.set('models:/m-1', digestOf('poison')),
    ],
    ['which model it logged', (bench: TrainingBench) => alter(bench, { modelUri: 'models:/m-poison' })],
    ['its metrics', (bench: TrainingBench) => alter(bench, { metrics: { profit: 1e9 } })],
    [
      'its data’s digest',
      (bench: TrainingBench) =>
        bench.tracking.setRunTags('run-1', { 'trainyard.data-digest': digestOf('x') }),
    ],
  ])('trains again when somebody has changed %s since, and says why', async (_, change) => {
    const bench = createTraining();
    await train(bench.request, bench.ports);
    await change(bench);
    expect(await again(bench)).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
    expect(bench.lines.join()).toContain('says something else of model, data or metrics than when it ended');
  });

  test('after the head has moved is another training', async () => {
    const bench = createTraining();
    await train(bench.request, bench.ports);
    const plan = { ...bench.request.plan, sha: 'b'.repeat(40) };
    const outcome = await again(bench, { plan });
    expect(outcome).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
    expect(resumptions(bench).map(([, lost]) => lost)).toEqual([undefined, undefined]);
    expect((await bench.tracking.getRun('run-2')).tags['trainyard.sha']).toBe('b'.repeat(40));
  });
});

describe('a training that is done by the ledger', () => {
  test('is believed, also by the first attempt, when its bytes are those on record', async () => {
    const bench = createTraining(() => DONE);
    await plant(bench, 'FINISHED');
    const plan = { ...bench.request.plan, trained: RECORDED };
    const outcome = await train({ ...bench.request, plan }, bench.ports);
    expect(outcome).toMatchObject({ reasonCode: 'already-trained', result: RECORDED });
    expect(bench.steps).toEqual([]);
  });

  test('is trained again when somebody has changed its bytes since, and says so', async () => {
    const bench = createTraining();
    await plant(bench, 'FINISHED');
    bench.tracking.modelDigests.set('models:/m-1', digestOf('poison'));
    const plan = { ...bench.request.plan, trained: RECORDED };
    const outcome = await train({ ...bench.request, plan }, bench.ports);
    expect(outcome).toMatchObject({ reasonCode: 'trained', outputs: { 'run-id': 'run-2' } });
    expect(bench.lines.join()).toContain('others now than were judged');
  });
});

async function alter(
  { tracking }: TrainingBench,
  change: Partial<Awaited<ReturnType<typeof tracking.getRun>>>,
) {
  tracking.runs.set('run-1', { ...(await tracking.getRun('run-1')), ...change });
}
