import { describe, expect, test } from 'vitest';
import { type BuildPorts, buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import type { LatencyRule } from '../../core/gate/rules/rule.ts';
import { createWorld } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const RULE: LatencyRule = { kind: 'latency', quantile: 0.95, atMostMs: 20 };
const IMAGE = digestOf('the manifest with the image');

/** Builds a version whose single requests take these times, under a rule of 20 ms at the 95th percentile. */
async function build(challengerMs: readonly number[], changed: Partial<BuildPorts> = {}) {
  const { tracking, job } = createWorld([]);
  const { request, ports } = job({ operation: 'train' });
  const run = await tracking.createRun({ experiment: 'mnist', name: 'x', tags: {} });
  const { version } = await tracking.register(request.config.model, run, {});
  const outcome = await buildTorchserve(
    { config: { ...request.config, gate: [RULE] }, version, runId: run.runId },
    {
      tracking,
      log: ports.log,
      python: {
        evaluate: () => Promise.reject(new Error('not here')),
        buildPackage: async () => ({
          manifestDigest: digestOf('manifest'),
          sizeBytes: 1_000,
          format: 'pyfunc',
        }),
        measurePackage: async () => challengerMs,
      },
      packageFolder: async () => '/tmp/package',
      listFiles: async () => ['trainyard.json', 'golden.json'],
      ...changed,
    },
  );
  return { outcome, stored: [...tracking.artifacts.keys()] };
}

const times = (count: number, milliseconds: number) => Array.from({ length: count }, () => milliseconds);

describe('the latency that is measured in the built package', () => {
  test('passes the rule by the bound of its quantile, and the package is stored, its manifest last', async () => {
    const { outcome, stored } = await build(times(200, 10));
    expect(outcome).toMatchObject({ decision: 'continue', reasonCode: 'package-built' });
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
