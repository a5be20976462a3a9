import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { train } from '../../actions/train/train.ts';
import type { BoxLevel } from '../../core/box-level.ts';
import { createGateBench, said, TRAINING } from './support/gate-bench.ts';
import { createTraining } from './support/training.ts';

/** The levels, and whether the default branch requires namespaces. */
type Boxed = { readonly training: BoxLevel; readonly models: BoxLevel; readonly require: boolean };

/** A judgement of a good model whose code ran in boxes of those levels. */
async function judged({ training, models, require }: Boxed) {
  const { world, request, ports } = await createGateBench(970, true);
  const box = { ...request.config.box, require };
  const asked = {
    ...{ ...request, config: { ...request.config, box } },
    ...{
      training: JSON.stringify({ ...TRAINING, box: training }),
      predictions: said(undefined, undefined, models),
    },
  };
  for (const phase of ['predict', 'predict-champion'] as const) await evaluateGate(phase, asked, ports);
  const outcome = await evaluateGate('judge', asked, ports);
  return { outcome, report: JSON.stringify(outcome.report), state: await world.ledger.read('mnist') };
}

describe('the box that code ran in', () => {
  test('is an output of the job that ran it', async () => {
    const { request, ports } = createTraining();
    expect(await train(request, ports)).toMatchObject({ result: { box: 'namespaces' } });
    const bench = await createGateBench(950, true);
    for (const phase of ['predict', 'predict-champion'] as const) {
      expect((await evaluateGate(phase, bench.request, bench.ports)).outputs.box).toBe('namespaces');
    }
  });

  test('stands in the ledger, and is kept with predictions that are used again', async () => {
    const { state } = await judged({ training: 'docker', models: 'user', require: false });
    expect(state.trainings['comment-1']).toMatchObject({ box: 'docker' });
    expect(state.gates['run-9']).toMatchObject({ boxes: { challenger: 'user', champion: 'user' } });
  });

  test('is named in the report, in one sentence where it was the strongest', async () => {
    const { outcome, report } = await judged({ training: 'namespaces', models: 'namespaces', require: true });
    expect(outcome).toMatchObject({ reasonCode: 'gate-passed' });
    expect(report).toContain('Trained and predicted in boxes, of namespaces.');
  });

  test.each([
    ['none', 'without a box: the challenger could read what its job held', 'without a box: the champion'],
    ['user', 'as a user of its own, in no box: the challenger', 'in no box: the champion'],
    [
      'namespaces-as-root',
      'in a box, of namespaces: the challenger could read what root may',
      'the champion',
    ],
  ] as const)('is named for each side where it was %s', async (level, challenger, champion) => {
    const { outcome, report } = await judged({ training: 'none', models: level, require: false });
    expect(outcome).toMatchObject({ reasonCode: 'gate-passed' });
    expect(report).toContain('Trained without a box: it could read what its job held');
    for (const sentence of [challenger, champion]) expect(report).toContain(sentence);
  });
});

describe('where the default branch requires boxes, judge lets nothing pass', () => {
  test.each([
    ['that was trained without one', 'none', 'namespaces', 1],
    ['that was trained with the Docker Engine at hand', 'docker', 'namespaces', 1],
    ['that was trained at a remote engine', 'remote', 'namespaces', 1],
    ['that predicted as a user of its own', 'namespaces', 'user', 2],
  ] as const)('%s', async (_, training, models, count) => {
    const { outcome } = await judged({ training, models, require: true });
    expect(outcome).toMatchObject({ decision: 'stop', reasonCode: 'gate-inconclusive' });
    const { problems } = outcome.result as { problems: readonly { code: string }[] };
    expect(problems.map(({ code }) => code)).toEqual(Array(count).fill('not-boxed'));
    expect(outcome.headline).toMatch(/^Not judged: (Trained|Predicted) .* \(box\.require\)\.$/);
  });
});
