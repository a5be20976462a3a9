import { expect, test } from 'vitest';
import { buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import type { FetchData } from '../../actions/job/programs/fetch-data.ts';
import { train } from '../../actions/train/train.ts';
import { tune } from '../../actions/train/tune.ts';
import type { DataSection } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { RESULT } from '../core/search/search-result.ts';
import { createGateBench, HELD, said } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { createTraining } from './support/training.ts';

const HOLDOUT = { path: 'data/holdout.csv', target: 'y', slices: [], metrics: {} };
const DATA: DataSection = { fetch: 'dvc pull', inputs: ['data'], holdout: HOLDOUT };
const MISSING = { code: 'holdout-missing', message: 'It is not there.', remedy: 'Commit it.' };

/** What a job does, in order, each once however often it does it. */
function watch() {
  const done: string[] = [];
  const mark = (what: string) => {
    if (!done.includes(what)) done.push(what);
  };
  const fetchData: FetchData = async ({ fetch }) => mark(fetch ?? 'nothing to fetch');
  return { done, mark, fetchData };
}

/** A training whose project has a step before it. */
function trainingOf({ done, mark, fetchData }: ReturnType<typeof watch>) {
  const { request, ports, steps } = createTraining();
  const { project } = request.config;
  const config = {
    ...request.config,
    data: DATA,
    project: { ...project, steps: { etl: 'prepare', train: 'fit' } },
  };
  const { run } = ports.project;
  return {
    request: { ...request, config },
    ports: {
      ...{ ...ports, fetchData },
      project: {
        run: async (step: Parameters<typeof run>[0]) => {
          mark(step.entryPoint);
          return run(step);
        },
      },
      readHoldout: async () => mark('read'),
      hashData: async () => {
        mark('hash');
        return { digest: digestOf('data'), files: [], empty: [] };
      },
    },
    ...{ done, steps },
  };
}

test('a training has its data fetched before its first step, and before anything is read or hashed', async () => {
  const { request, ports, done } = trainingOf(watch());
  await train(request, ports);
  expect(done).toEqual(['dvc pull', 'prepare', 'read', 'hash', 'fit']);
});

test('so has a search', async () => {
  const { request, ports, done } = trainingOf(watch());
  const asked = {
    trials: 2,
    jobs: 1,
    runners: 1,
    metric: 'val_acc',
    direction: 'maximize',
    seed: 7,
    pruning: 'none',
  } as const;
  const space = { lr: { kind: 'log', low: 1e-4, high: 0.1 } } as const;
  const config = { ...request.config, search: { ...asked, parameters: {}, space } };
  const plan = { ...request.plan, operation: 'tune' as const, parameters: {} };
  const run = async () => ({ result: RESULT, box: 'namespaces' as const });
  const search = { run, requireStorage: () => undefined };
  await tune({ ...request, plan, config }, { ...ports, search, hashText: digestOf });
  expect(done).toEqual(['dvc pull', 'prepare', 'hash']);
});

test('a training whose data can’t be fetched fails before anything of it runs', async () => {
  const { request, ports, steps } = trainingOf(watch());
  const failed = new UserError([{ code: 'fetch-failed', message: 'It failed.', remedy: 'Mend it.' }]);
  const fetchData = () => Promise.reject(failed);
  await expect(train(request, { ...ports, fetchData })).rejects.toBe(failed);
  expect(steps).toEqual([]);
  expect((await ports.tracking.getRun('run-1')).status).toBe('FAILED');
});

/** The gate on data that are fetched. */
async function gateOf({ mark, fetchData }: ReturnType<typeof watch>) {
  const { request, ports } = await createGateBench(950, true);
  const config = { ...request.config, data: { ...request.config.data, fetch: 'dvc pull' } };
  const readHoldout = async () => {
    mark('read');
    return HELD;
  };
  return { request: { ...request, config }, ports: { ...ports, fetchData, readHoldout } };
}

test.each(['predict', 'predict-champion', 'judge', 'both'] as const)(
  'the phase %s has the holdout fetched before it is read',
  async (phase) => {
    const watched = watch();
    const { request, ports } = await gateOf(watched);
    const { mark } = watched;
    if (phase === 'judge') {
      await evaluateGate('both', request, ports);
      watched.done.length = 0;
    }
    const commit = async () => {
      mark('commit');
      return request.plan.policySha;
    };
    await evaluateGate(phase, { ...request, predictions: said() }, { ...ports, commit });
    // Judge holds secrets: the command has to be that of the commit that plan has resolved.
    expect(watched.done).toEqual([
      ...(phase === 'judge' ? ['commit'] : []),
      'dvc pull',
      'read',
      ...(phase === 'both' ? ['commit'] : []),
    ]);
  },
);

test('the phase predict-champion fetches nothing where nothing serves yet', async () => {
  const watched = watch();
  const { request, ports } = await createGateBench(950);
  await evaluateGate('predict-champion', request, { ...ports, fetchData: watched.fetchData });
  expect(watched.done).toEqual([]);
});

/** Packs version 1, as register has handed it on. */
async function build({ mark, fetchData }: ReturnType<typeof watch>, fails = false) {
  const { request, ports } = await createGateBench(950);
  const registered = {
    ...({ schema_version: 1, action: 'register', version: '1' } as const),
    ...{ runId: 'run-1', modelUri: 'models:/m-1', modelDigest: digestOf('judged') },
  };
  return buildTorchserve(
    { config: { ...request.config, data: DATA, gate: [] }, registered },
    {
      ...{ tracking: ports.tracking, log: ports.log, fetchData },
      ...{ packageFolder: async () => '/tmp/package', listFiles: async () => [] },
      writeBatching: () => Promise.reject(new Error('not here')),
      python: {
        ...ports.python,
        measurePackage: async () => [],
        buildPackage: async () => {
          mark('pack');
          if (fails) throw new UserError([MISSING]);
          return { manifestDigest: digestOf('x'), sizeBytes: 1, format: 'pyfunc', box: 'user' };
        },
      },
    },
  );
}

test('a package is built after the holdout was fetched, which its profile is made of', async () => {
  const watched = watch();
  await build(watched);
  expect(watched.done).toEqual(['dvc pull', 'pack']);
});

test.each([
  [
    'train',
    async () => {
      const { request, ports } = trainingOf(watch());
      return train(request, { ...ports, readHoldout: () => Promise.reject(new UserError([MISSING])) });
    },
  ],
  [
    'judge',
    async () => {
      const { request, ports } = await gateOf(watch());
      const readHoldout = () => Promise.reject(new UserError([MISSING]));
      return evaluateGate('judge', request, { ...ports, readHoldout });
    },
  ],
  ['build', () => build(watch(), true)],
])('%s says of a file that is still missing that data.fetch has run', async (_, work) => {
  await expect(work()).rejects.toThrow(/data\.fetch .* has run before, and has not brought it/);
});
