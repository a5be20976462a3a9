import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts } from '../../actions/evaluate-gate/gate-context.ts';
import { answersOf, CHAMPION, createGateBench, HELD, HOLDOUT_DIGEST, said } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';

describe('predictions', () => {
  test('of the challenger are made anew each time, whatever stands in MLflow', async () => {
    const { request, ports, evaluated } = await createGateBench(950);
    const first = await evaluateGate('predict', request, ports);
    expect(first).toMatchObject({
      reasonCode: 'predicted',
      outputs: { predictions: digestOf('challenger') },
    });
    expect((await evaluateGate('predict', request, ports)).reasonCode).toBe('predicted');
    expect(evaluated).toEqual(['models:/m-9', 'models:/m-9']);
  });

  test('of the champion are stored with its own run, by a phase that does not touch the challenger', async () => {
    const { world, request, ports, evaluated } = await createGateBench(950, true);
    const { outputs } = await evaluateGate('predict-champion', { ...request, training: '' }, ports);
    expect(outputs).toEqual({ predictions: digestOf('champion'), box: 'namespaces' });
    expect(evaluated).toEqual(['models:/m-1']);
    const [stored = ''] = [...world.tracking.artifacts.keys()];
    expect(stored).toMatch(/^run-1\/trainyard\/predictions\/models_m-1-/);
  });

  test('of the champion are asked for before the challenger runs, where one job does all', async () => {
    const { request, ports, evaluated } = await createGateBench(950, true);
    await evaluateGate('both', request, ports);
    expect(evaluated).toEqual(['models:/m-1', 'models:/m-9']);
  });

  test('of two workflows at once stand side by side: each is judged on those that it has made', async () => {
    const bench = await createGateBench(950, true);
    const other: GatePorts = { ...bench.ports, hashFile: async () => digestOf('made by another workflow') };
    await evaluateGate('predict', bench.request, bench.ports);
    await evaluateGate('predict-champion', bench.request, bench.ports);
    await evaluateGate('predict-champion', bench.request, other);
    const stored = [...bench.world.tracking.artifacts.keys()].filter((key) => key.startsWith('run-1/'));
    expect(new Set(stored).size).toBe(2);
    expect((await evaluateGate('judge', bench.request, bench.ports)).decision).toBe('continue');
  });

  test('are none where nothing serves yet', async () => {
    const { request, ports, evaluated } = await createGateBench(950);
    const outcome = await evaluateGate('predict-champion', request, ports);
    expect(outcome).toMatchObject({
      decision: 'continue',
      reasonCode: 'nothing-to-do',
      outputs: { predictions: '' },
    });
    expect(evaluated).toEqual([]);
  });
});

describe('predictions of the champion that stand in MLflow', () => {
  const plan = (digest: string, holdoutDigest = HOLDOUT_DIGEST) => ({
    champion: { version: '1', ...CHAMPION, predictions: { holdoutDigest, digest, box: 'user' as const } },
  });
  const reasonOf = async (named: ReturnType<typeof plan>, ports: Partial<GatePorts> = {}) => {
    const bench = await createGateBench(950, true);
    await evaluateGate('predict-champion', bench.request, bench.ports);
    const request = { ...bench.request, plan: { ...bench.request.plan, ...named } };
    return (await evaluateGate('predict-champion', request, { ...bench.ports, ...ports })).reasonCode;
  };

  test('are used again when the ledger names their digest', async () => {
    expect(await reasonOf(plan(digestOf('champion')))).toBe('already-predicted');
  });

  test('are not when they are others by now, when they answer another file, or when they are gone', async () => {
    expect(await reasonOf(plan(digestOf('another')))).toBe('predicted');
    expect(await reasonOf(plan(digestOf('champion'), digestOf('another file')))).toBe('predicted');
    const bench = await createGateBench(950, true);
    const request = { ...bench.request, plan: { ...bench.request.plan, ...plan(digestOf('champion')) } };
    expect((await evaluateGate('predict-champion', request, bench.ports)).reasonCode).toBe('predicted');
  });
});

describe('judge believes no predictions', () => {
  const judged = async (predictions: string, ports: Partial<GatePorts> = {}) => {
    const bench = await createGateBench(950, true);
    await evaluateGate('predict-champion', bench.request, bench.ports);
    await evaluateGate('predict', bench.request, bench.ports);
    return evaluateGate('judge', { ...bench.request, predictions }, { ...bench.ports, ...ports });
  };

  test.each([
    ['of the challenger', said(digestOf('planted')), /no predictions of the challenger with the digest/],
    [
      'of the champion',
      said(undefined, digestOf('planted')),
      /no predictions of the champion with the digest/,
    ],
    ['whose digest was lost on the way', said(''), /arrived empty/],
    ['of a champion that no job vouches for', said(undefined, ''), /arrived empty/],
    ['under no digest', said('yes'), /names no digest for the challenger/],
    ['in no box that there is', said(undefined, undefined, 'strong'), /or no box that it ran in/],
  ])('%s', async (_what, predictions, told) => {
    await expect(judged(predictions)).rejects.toThrow(told);
  });

  test('whose bytes are others by now', async () => {
    const planted = { hashFile: async () => digestOf('planted') };
    await expect(judged(said(), planted)).rejects.toThrow(
      /challenger .* are not those that were made in this workflow/,
    );
  });

  test('that answer another file, or other examples', async () => {
    const answers = (changed: Parameters<typeof answersOf>[1]) => ({
      readAnswers: async () => answersOf(950, changed),
    });
    await expect(judged(said(), answers({ holdoutDigest: digestOf('easy') }))).rejects.toThrow(
      /are to another holdout/,
    );
    const ids = HELD.ids.slice(1);
    await expect(judged(said(), answers({ ids }))).rejects.toThrow(
      /999 answers to the 1000 examples.*1 without an answer/,
    );
  });
});
