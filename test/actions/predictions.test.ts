import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { GatePorts } from '../../actions/evaluate-gate/gate-context.ts';
import type { ModelsPolicy } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import type { ModelEnvironment } from '../../core/gate/model-environment.ts';
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
    expect(outputs).toEqual({
      ...{ predictions: digestOf('champion'), box: 'namespaces', explanation: '' },
    });
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

  test('of a champion whose files are gone from MLflow are refused with ways on for whoever did not train it', async () => {
    const { request, ports } = await createGateBench(950, true);
    const gone = {
      code: 'model-not-found',
      message: 'models:/m-1 could not be fetched: 404.',
      remedy: 'Log it.',
    };
    const python = { ...ports.python, evaluate: async () => Promise.reject(new UserError([gone])) };
    await expect(evaluateGate('predict-champion', request, { ...ports, python })).rejects.toMatchObject({
      problems: [
        {
          code: 'champion-not-found',
          message: 'The champion, version 1, is no longer in MLflow: models:/m-1 could not be fetched: 404.',
          remedy: expect.stringMatching(/models\.champion: stored .* or roll back/),
        },
      ],
    });
    await expect(evaluateGate('predict', request, { ...ports, python })).rejects.toMatchObject({
      problems: [{ code: 'model-not-found' }],
    });
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

describe('a champion', () => {
  const NAMED = { holdoutDigest: HOLDOUT_DIGEST, digest: digestOf('champion'), box: 'user' as const };
  const serving = (predictions?: typeof NAMED) => ({
    champion: { version: '1', ...CHAMPION, ...(predictions && { predictions }) },
  });
  const prepare = async (models: ModelsPolicy, predictions?: typeof NAMED) => {
    const bench = await createGateBench(950, true);
    await evaluateGate('predict-champion', bench.request, bench.ports);
    const config = { ...bench.request.config, models };
    const plan = { ...bench.request.plan, ...serving(predictions) };
    return { ...bench, request: { ...bench.request, config, plan } };
  };
  const STORED: ModelsPolicy = { environment: 'own', champion: 'stored' };
  const ELSEWHERE: ModelEnvironment = {
    ...{ kind: 'runner', python: '3.11.7' },
    differences: ['scikit-learn 1.9.1, logged with ==1.2.2'],
  };
  const elsewhere = (ports: GatePorts): GatePorts => ({
    ...ports,
    readAnswers: async (file, rows) => ({
      ...(await ports.readAnswers(file, rows)),
      ...(/champion/.test(file) && { environment: ELSEWHERE }),
    }),
  });

  test('is asked again in its own environment where what is kept was predicted in another', async () => {
    const { request, ports } = await prepare({ environment: 'own', champion: 'predict' }, NAMED);
    const asked = await evaluateGate('predict-champion', request, elsewhere(ports));
    expect(asked.reasonCode).toBe('predicted');
    const config = { ...request.config, models: { environment: 'runner', champion: 'predict' } as const };
    const taken = await evaluateGate('predict-champion', { ...request, config }, elsewhere(ports));
    expect(taken.reasonCode).toBe('already-predicted');
  });

  test('that is stored is never asked: it is judged by what is kept of it, and the report says so', async () => {
    const { request, ports, evaluated } = await prepare(STORED, NAMED);
    evaluated.length = 0;
    const outcome = await evaluateGate('both', request, elsewhere(ports));
    expect(evaluated).toEqual(['models:/m-9']);
    expect(outcome.result['notes']).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /The champion predicted in the runner's Python, .* scikit-learn 1\.9\.1, logged with ==1\.2\.2/,
        ),
        expect.stringMatching(/The champion, v1, was not asked \(models\.champion: stored\)/),
      ]),
    );
  });

  test.each([
    ['the ledger names none', undefined, 'the ledger names none'],
    ['they answer another file', { ...NAMED, holdoutDigest: digestOf('other') }, 'the ledger names none'],
    ['they are others by now', { ...NAMED, digest: digestOf('other') }, 'no longer stand with its run'],
  ])('that is stored is refused by name where %s', async (_what, predictions, why) => {
    const { request, ports, evaluated } = await prepare(STORED, predictions);
    evaluated.length = 0;
    await expect(evaluateGate('predict-champion', request, ports)).rejects.toMatchObject({
      problems: [{ code: 'none-stored', message: expect.stringContaining(why) }],
    });
    expect(evaluated).toEqual([]);
  });

  test('whose kept predictions can’t be read any more is asked again', async () => {
    const { request, ports } = await prepare({ environment: 'own', champion: 'predict' }, NAMED);
    const problem = { code: 'unreadable-predictions', message: 'Older.', remedy: 'Again.' };
    const readAnswers = () => Promise.reject(new UserError([problem]));
    const asked = await evaluateGate('predict-champion', request, { ...ports, readAnswers });
    expect(asked.reasonCode).toBe('predicted');
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
