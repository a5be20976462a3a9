import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { readRegistered } from '../../actions/job/handoff.ts';
import { register } from '../../actions/register/register.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { contextOf } from './support/deployment.ts';
import { createGateBench, TRAINING } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';

type Gate = Awaited<ReturnType<typeof createGateBench>>;

const POISON = digestOf('poison');

/** Somebody with write access to MLflow writes over the challenger's files. */
function poison({ world }: Gate, modelUri: string = TRAINING.modelUri): void {
  world.tracking.modelDigests.set(modelUri, POISON);
}

/** Somebody logs a model of their own with the challenger's run. */
function logAnother({ world: { tracking } }: Gate): void {
  const run = tracking.runs.get('run-9');
  if (run !== undefined)
    tracking.runs.set('run-9', { ...run, modelUri: 'models:/m-poison', metrics: { profit: 1e9 } });
}

function codeOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'done',
    (thrown: { problems: readonly { code: string }[] }) => thrown.problems[0]?.code,
  );
}

describe('the predict phase', () => {
  test.each([
    ['predict', 'models:/m-9'],
    ['predict-champion', 'models:/m-1'],
  ] as const)('keeps no predictions of other bytes than are known: %s of %s', async (phase, uri) => {
    const gate = await createGateBench(970, true);
    poison(gate, uri);
    expect(await codeOf(evaluateGate(phase, gate.request, gate.ports))).toBe('model-altered');
    expect(gate.world.tracking.artifacts.size).toBe(0);
  });
});

describe('the judge phase', () => {
  test('fixes in the ledger which bytes it has judged, by its own reading of them', async () => {
    const gate = await createGateBench(970);
    await evaluateGate('both', gate.request, gate.ports);
    const { trainings, gates } = await gate.world.ledger.read('mnist');
    const { modelDigest, dataDigest } = TRAINING;
    expect(gates['run-9']).toMatchObject({ verdict: 'pass', modelDigest });
    expect(trainings['comment-1']).toMatchObject({ modelDigest, dataDigest, modelUri: 'models:/m-9' });
  });

  test('judges no model whose bytes have changed since it was trained', async () => {
    const gate = await createGateBench(970);
    await evaluateGate('predict', gate.request, gate.ports);
    poison(gate);
    expect(await codeOf(evaluateGate('judge', gate.request, gate.ports))).toBe('model-altered');
    expect(gate.world.ledger.kinds()).toEqual([]);
  });

  test('judges no predictions that another model made', async () => {
    const gate = await createGateBench(970);
    await evaluateGate('predict', gate.request, gate.ports);
    const stored = await gate.ports.readAnswers('challenger.parquet', 1_000);
    const ports = { ...gate.ports, readAnswers: async () => ({ ...stored, modelDigest: POISON }) };
    expect(await codeOf(evaluateGate('judge', gate.request, ports))).toBe('model-altered');
  });

  test('asks for the model that the train job named, whatever its run says now', async () => {
    const gate = await createGateBench(970);
    logAnother(gate);
    await evaluateGate('both', gate.request, gate.ports);
    expect((await gate.world.ledger.read('mnist')).trainings['comment-1']?.modelUri).toBe('models:/m-9');
  });

  test('takes no run for this training that the ledger knows as another', async () => {
    const gate = await createGateBench(970);
    await evaluateGate('predict', gate.request, gate.ports);
    const finished = { runId: 'run-9', status: 'finished' as const };
    gate.world.ledger.events.push(createEvent(contextOf('push-1'), 'training.finished', finished));
    expect(await codeOf(evaluateGate('judge', gate.request, gate.ports))).toBe('training-differs');
  });

  test('judges a run again only as the model that it was', async () => {
    const gate = await createGateBench(970);
    await evaluateGate('both', gate.request, gate.ports);
    poison(gate);
    const training = JSON.stringify({ ...TRAINING, modelDigest: POISON });
    expect(await codeOf(evaluateGate('judge', { ...gate.request, training }, gate.ports))).toBe(
      'training-differs',
    );
  });
});

describe('register', () => {
  async function judged(): Promise<Gate> {
    const gate = await createGateBench(970);
    await evaluateGate('both', gate.request, gate.ports);
    return gate;
  }

  test('registers the model that was judged, whatever its run says now, and hands on its digest', async () => {
    const gate = await judged();
    logAnother(gate);
    const { result } = await register(gate.request, gate.ports);
    expect(gate.world.tracking.versions.get('mnist/1')?.modelUri).toBe('models:/m-9');
    const handed = readRegistered(JSON.stringify({ schema_version: 1, action: 'register', ...result }));
    expect(handed).toMatchObject({
      version: '1',
      modelUri: 'models:/m-9',
      modelDigest: TRAINING.modelDigest,
    });
    expect(handed.package).toBeUndefined();
  });

  test('registers no bytes that have changed since they were judged', async () => {
    const gate = await judged();
    poison(gate);
    expect(await codeOf(register(gate.request, gate.ports))).toBe('model-altered');
    expect(gate.world.tracking.versions.size).toBe(0);
  });

  test('hands on the package that the ledger knows, and no other', async () => {
    const gate = await judged();
    await register(gate.request, gate.ports);
    const name = `mnist@${digestOf('built')}`;
    const built = { version: '1', package: name, runId: 'run-9', artifactPath: 'x', sizeBytes: 1 };
    gate.world.ledger.events.push(createEvent(contextOf('comment-1'), 'package.built', built));
    expect((await register(gate.request, gate.ports)).result).toMatchObject({ package: name });
  });

  test('takes no other number for a version than the ledger has', async () => {
    const gate = await judged();
    await register(gate.request, gate.ports);
    const { versions } = gate.world.tracking;
    versions.clear();
    versions.set('mnist/7', { version: '7', runId: 'run-9', modelUri: 'models:/m-9', status: 'READY' });
    expect(await codeOf(register(gate.request, gate.ports))).toBe('registry-differs');
  });

  test('gives no number twice: MLflow counts from 1 again when the registered model was deleted', async () => {
    const gate = await judged();
    const other = { version: '1', runId: 'run-1', modelUri: 'models:/m-1', modelDigest: digestOf('first') };
    gate.world.ledger.events.push(createEvent(contextOf('push-1'), 'version.registered', other, '1'));
    expect(await codeOf(register(gate.request, gate.ports))).toBe('registry-differs');
    expect((await gate.world.ledger.read('mnist')).versions['1']?.runId).toBe('run-1');
    expect(gate.world.tracking.aliases.size).toBe(0);
  });
});
