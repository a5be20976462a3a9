import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts } from '../../actions/evaluate-gate/gate-context.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { findKeptPredictions } from '../../core/ledger/holdout/find-kept-predictions.ts';
import { ok } from '../../core/result.ts';
import {
  answersOf,
  createGateBench,
  type GateBench,
  HELD,
  HOLDOUT_DIGEST,
  POLICY_SHA,
  TRAINING,
} from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const OTHER = digestOf('easier');
const asked = { readHoldout: async () => ({ ...HELD, digest: OTHER }) };
const answered = { readAnswers: async () => answersOf(990, { holdoutDigest: OTHER }) };
/** The file that data.holdout.path names is another one by now. */
const exchanged: Partial<GatePorts> = { ...asked, ...answered };

async function judgeTwice(changed: Partial<GatePorts>, request: Partial<GateBench['request']> = {}) {
  const bench = await createGateBench(970);
  await evaluateGate('both', bench.request, bench.ports);
  const plan = { ...bench.request.plan, ...request.plan };
  const again = await evaluateGate(
    'both',
    { ...bench.request, ...request, plan },
    { ...bench.ports, ...changed },
  );
  return { ...bench, again };
}

describe('the holdout of a gate', () => {
  test('is fixed in the ledger by its first use, with the commit of the default branch', async () => {
    const { world, request, ports } = await createGateBench(970);
    await evaluateGate('both', request, ports);
    await evaluateGate('both', request, ports);
    const fixed = world.ledger.events.filter((event) => event.kind === 'holdout.fixed');
    expect(fixed.map(({ data }) => data)).toEqual([
      {
        ...{ sha: POLICY_SHA, digest: HOLDOUT_DIGEST, path: 'holdout.npz', target: 'label' },
        ...{ slices: [], metrics: {}, seen: 0 },
      },
    ]);
    expect(world.ledger.events.at(-1)).toMatchObject({
      kind: 'gate.judged',
      data: { holdoutDigest: HOLDOUT_DIGEST },
    });
  });

  test('is not another file that lies in its place: the verdict is inconclusive, by name', async () => {
    const { again, world } = await judgeTwice(exchanged);
    expect(again).toMatchObject({ decision: 'stop', reasonCode: 'gate-inconclusive' });
    expect(showReport(again.report)).toContain('holdout.npz');
    expect(showReport(again.report)).toContain(
      `commit dddddddddddd of the default branch has fixed ${HOLDOUT_DIGEST}`,
    );
    expect(world.ledger.kinds().filter((kind) => kind === 'holdout.fixed')).toHaveLength(1);
  });

  test('is another one where a later commit of the default branch brings it', async () => {
    const later = 'e'.repeat(40);
    const here = { ...exchanged, isOfCommit: async () => true, commit: async () => later };
    const bench = await createGateBench(970);
    const plan = { ...bench.request.plan, policySha: later };
    const { again, world } = await judgeTwice(here, { plan });
    expect(again.reasonCode).toBe('gate-passed');
    const fixed = world.ledger.events.findLast((event) => event.kind === 'holdout.fixed');
    expect(fixed?.data).toMatchObject({ sha: later, digest: OTHER });
  });

  test('is read at the commit that plan resolved, or not at all', async () => {
    const { request, ports } = await createGateBench(970);
    const elsewhere = { ...ports, commit: async () => 'f'.repeat(40) };
    await expect(evaluateGate('both', request, elsewhere)).rejects.toThrow(/Check out .*policy-sha/s);
  });

  test('is the one that the models have answered to', async () => {
    const { request, ports } = await createGateBench(970);
    await evaluateGate('predict-champion', request, ports);
    await evaluateGate('predict', request, ports);
    await expect(evaluateGate('judge', request, { ...ports, ...asked })).rejects.toThrow(
      /no predictions of the challenger .* on the holdout .* must read the same file/,
    );
  });

  test('has the digest that trainyard.yml names, or no model is asked', async () => {
    const { request, ports, evaluated } = await createGateBench(970);
    const holdout = { path: 'holdout.npz', target: 'label', slices: [], metrics: {}, digest: OTHER };
    const config = { ...request.config, data: { ...request.config.data, holdout } };
    for (const phase of ['predict', 'judge'] as const) {
      await expect(evaluateGate(phase, { ...request, config }, ports)).rejects.toThrow(/names sha256/);
    }
    expect(evaluated).toEqual([]);
  });
});

describe('predictions that the ledger keeps', () => {
  test('of a champion that is not to be asked are those of its own gate, until it was compared with', async () => {
    const { world, request, ports } = await createGateBench(970);
    const { holdout } = request.config.data;
    await evaluateGate('both', request, ports);
    const { runId, modelUri, modelDigest } = TRAINING;
    const version = { version: '2', runId, modelUri, modelDigest };
    const context = { ...request.author, at: world.clock.now() };
    await world.ledger.append('mnist', () => ok([createEvent(context, 'version.registered', version, '2')]));
    const state = await world.ledger.read('mnist');
    const asked = { champion: '2', answers: request.config.answers };
    const kept = { holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('challenger'), box: 'namespaces' };
    expect(findKeptPredictions(state, holdout, { ...asked, fromOwnGate: true })).toEqual(kept);
    expect(findKeptPredictions(state, holdout, { ...asked, fromOwnGate: false })).toBeUndefined();
    const changed = { ...asked, fromOwnGate: true, answers: { positive: 'a' } };
    expect(findKeptPredictions(state, holdout, changed)).toBeUndefined();
  });

  test('are named to the next plan while the holdout means the same, and no code of the repository takes part', async () => {
    const { world, request, ports } = await createGateBench(970, true);
    const { holdout } = request.config.data;
    if (holdout === undefined) throw new Error('no holdout');
    const asked = { champion: '1', answers: request.config.answers, fromOwnGate: false };
    await evaluateGate('both', request, ports);
    // The judgement that fixes what models answer is on predictions that were read before that was fixed.
    expect(findKeptPredictions(await world.ledger.read('mnist'), holdout, asked)).toBeUndefined();
    await world.clock.wait(1);
    const gate = [{ kind: 'floor', metric: 'accuracy', floor: 0.8 }] as const;
    await evaluateGate('both', { ...request, config: { ...request.config, gate } }, ports);
    const state = await world.ledger.read('mnist');
    const kept = { holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('champion'), box: 'namespaces' };
    expect(findKeptPredictions(state, holdout, asked)).toEqual(kept);
    expect(findKeptPredictions(state, holdout, { ...asked, champion: '2' })).toBeUndefined();
    expect(findKeptPredictions(state, undefined, asked)).toBeUndefined();
    const otherwise = { ...asked, answers: { positive: 'a' } };
    expect(findKeptPredictions(state, holdout, otherwise)).toBeUndefined();
    expect(findKeptPredictions(state, { ...holdout, target: 'truth' }, asked)).toBeUndefined();
    expect(findKeptPredictions(state, { ...holdout, inputs: ['income'] }, asked)).toBeUndefined();
    const own = { ...asked, fromOwnGate: true };
    expect(findKeptPredictions(state, holdout, own)).toEqual(kept);
    expect(
      findKeptPredictions(state, { ...holdout, metrics: { profit: 'm.py:profit' } }, asked),
    ).toBeUndefined();
  });
});
