import { describe, expect, test } from 'vitest';
import { type BuildPorts, buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import type { AnswersContract } from '../../core/answers/contract.ts';
import type { LatencyRule } from '../../core/gate/rules/rule.ts';
import type { PackageRequest, PythonRuntime } from '../../core/python-port.ts';
import type { BatchSearch } from '../../core/serving/batching/batch-search.ts';
import { createWorld } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import type { MemoryTracking } from './support/memory-tracking.ts';
import { showReport } from './support/show-report.ts';

const RULE: LatencyRule = { kind: 'latency', quantile: 0.95, atMostMs: 20 };
const IMAGE = digestOf('the manifest with the image');

/** What is in MLflow before, and what the ledger knows of the version beside. */
type Before = (
  tracking: MemoryTracking,
  runId: string,
) => { readonly package?: string; readonly answers?: AnswersContract } | undefined;

/** The batch size that is configured, and what is measured of batches. */
type Batching = {
  readonly batchSize: number | 'auto';
  readonly measure: PythonRuntime['measureBatches'];
};

/** Builds a version whose single requests take these times, under a rule of 20 ms at the 95th percentile. */
async function build(
  challengerMs: readonly number[],
  changed: Partial<BuildPorts> = {},
  before: Before = () => undefined,
  batching: Batching = { batchSize: 1, measure: () => Promise.reject(new Error('not here')) },
) {
  const { tracking, job } = createWorld([]);
  const { request, ports } = job({ operation: 'train' });
  const { runId } = await tracking.createRun({ experiment: 'mnist', name: 'x', tags: {} });
  const { serving } = request.config;
  const settings = { ...serving.settings, batchSize: batching.batchSize, maxBatchDelayMs: 5 };
  const config = { ...request.config, serving: { ...serving, settings } };
  const asked: PackageRequest[] = [];
  const written: [built: object, size: number, search: BatchSearch][] = [];
  const more = before(tracking, runId);
  const registered = {
    ...({ schema_version: 1, action: 'register', version: '1' } as const),
    ...{ runId, modelUri: 'models:/m-1', modelDigest: digestOf('judged'), ...more },
  };
  const outcome = await buildTorchserve(
    { config: { ...config, gate: [RULE] }, registered },
    {
      tracking,
      log: ports.log,
      python: {
        evaluate: () => Promise.reject(new Error('not here')),
        buildPackage: async (wanted) => {
          asked.push(wanted);
          return { manifestDigest: digestOf('manifest'), sizeBytes: 1_000, format: 'pyfunc', box: 'user' };
        },
        measurePackage: async () => challengerMs,
        measureBatches: batching.measure,
      },
      writeBatching: async (...one) => {
        written.push(one);
        return { manifestDigest: digestOf('manifest with the batch size'), sizeBytes: 1_500 };
      },
      fetchData: async () => undefined,
      packageFolder: async () => '/tmp/package',
      listFiles: async () => ['trainyard.json', 'golden.json'],
      ...changed,
    },
  );
  return { outcome, asked, written, stored: [...tracking.artifacts.keys()] };
}

const times = (count: number, milliseconds: number) => Array.from({ length: count }, () => milliseconds);

describe('the latency that is measured in the built package', () => {
  test('passes the rule by the bound of its quantile, and the package is stored, its manifest last', async () => {
    const { outcome, stored } = await build(times(200, 10));
    expect(outcome).toMatchObject({
      ...{ decision: 'continue', reasonCode: 'package-built' },
      result: { box: 'user' },
    });
    expect(showReport(outcome.report)).toContain(
      'Packed as a user of its own, in no box: the model reached the network',
    );
    expect(stored.map((path) => path.split('/').at(-1))).toEqual(['golden.json', 'trainyard.json']);
  });

  test.each([
    ['is too high', times(200, 30), 'gate-failed'],
    ['has too few requests to be sure', times(20, 10), 'gate-inconclusive'],
  ])('stops the build when it %s: nothing is stored, no image is made', async (_what, measured, reason) => {
    const packAsImage = () => Promise.reject(new Error('an image was made'));
    const { outcome, stored } = await build(measured, { packAsImage });
    expect(outcome).toMatchObject({ decision: 'stop', reasonCode: reason });
    expect(showReport(outcome.report)).toContain('latency-p95');
    expect(stored).toEqual([]);
  });
});

test('a package that became an image goes by the digest of the manifest that pins it', async () => {
  const { outcome } = await build(times(200, 10), { packAsImage: async () => IMAGE });
  expect(outcome.outputs.package).toBe(`mnist@${IMAGE}`);
});

test('a version is read by what it was judged by, and is not taken for misread on a later holdout', async () => {
  const answers = { task: 'binary', classes: ['a', 'b'] } as const;
  const { asked } = await build(times(200, 10), {}, () => ({ answers }));
  expect(asked).toMatchObject([{ answers: { contract: answers, isSettled: true } }]);
});

describe('a package is built already', () => {
  const PLANTED = `mnist@${digestOf('planted')}`;
  /** What says so in MLflow, where anybody's training may write it. */
  const plant = (tracking: MemoryTracking, runId: string): undefined => {
    const run = tracking.runs.get(runId);
    if (run === undefined) throw new Error('no run');
    const tags = { 'trainyard.package': PLANTED, 'trainyard.package.version': '1' };
    tracking.runs.set(runId, { ...run, tags: { ...run.tags, ...tags } });
    const folder = `${runId}/trainyard/package/${digestOf('planted').replace('sha256:', '')}`;
    for (const file of ['trainyard.json', 'model.mar']) tracking.artifacts.set(`${folder}/${file}`, file);
  };

  test('by no tag and no file in MLflow: it is built anew, from the bytes that were judged', async () => {
    const { outcome, asked } = await build(times(200, 10), {}, plant);
    expect(outcome).toMatchObject({ reasonCode: 'package-built' });
    expect(outcome.outputs.package).toBe(`mnist@${digestOf('manifest')}`);
    expect(asked).toMatchObject([{ modelUri: 'models:/m-1', modelDigest: digestOf('judged') }]);
  });

  test('by the ledger, as register has handed it on', async () => {
    const named = `mnist@${digestOf('recorded')}`;
    const { outcome, asked } = await build(times(200, 10), {}, () => ({ package: named }));
    expect(outcome).toMatchObject({ reasonCode: 'already-built', outputs: { package: named } });
    expect(asked).toEqual([]);
  });
});

describe('the batch size', () => {
  const machine = { processor: 'a processor', cores: 4, memoryBytes: 8e9 };
  const sizes = [10, 12, 40].map((one, index) => ({ size: 2 ** index, batchMs: times(100, one) }));
  const auto = (measure: PythonRuntime['measureBatches']): Batching => ({ batchSize: 'auto', measure });

  test('that is a number is not looked for', async () => {
    const { outcome, written } = await build(times(200, 10));
    expect(outcome.reasonCode).toBe('package-built');
    expect(written).toEqual([]);
  });

  test('is found by measuring, stands in the manifest, and is told with the machine and the table', async () => {
    const plans: unknown[] = [];
    const { outcome, written } = await build(
      times(200, 10),
      {},
      undefined,
      auto(async (folder, plan, gpu) => {
        plans.push([folder, plan, gpu]);
        return { machine, sizes };
      }),
    );
    const plan = { largest: 64, seconds: 180, batches: 236, fewest: 59, limitMs: 15 };
    expect(plans).toEqual([['/tmp/package', plan, 'none']]);
    const built = { folder: '/tmp/package', manifestDigest: digestOf('manifest'), sizeBytes: 1_000 };
    expect(written).toMatchObject([[built, 2, { machine }]]);
    expect(outcome.result).toMatchObject({ sizeBytes: 1_500 });
    expect(outcome.outputs.package).toBe(`mnist@${digestOf('manifest with the batch size')}`);
    const told = showReport(outcome.report);
    expect(told).toContain('Batch size 2');
    expect(told).toContain('a processor, 4 cores, 8 GB');
    expect(told).toMatch(/2 \| 100 \| 12 ms \| 12 ms \| 166.7 \| yes/);
    expect(told).toMatch(/4 \| 100 \| 40 ms \| 40 ms \| 100 \| no/);
  });

  test('goes into the manifest before an image is made of it', async () => {
    const { outcome } = await build(
      times(200, 10),
      { packAsImage: async () => IMAGE },
      undefined,
      auto(async () => ({ machine, sizes })),
    );
    expect(outcome.outputs.package).toBe(`mnist@${IMAGE}`);
  });

  test('is not looked for in a package that does not pass', async () => {
    const measure = () => Promise.reject(new Error('it was measured'));
    const { outcome } = await build(times(200, 30), {}, undefined, auto(measure));
    expect(outcome.reasonCode).toBe('gate-failed');
  });
});
