import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildTorchserve } from '../../actions/build-torchserve/build-torchserve.ts';
import { hashFile } from '../../adapters/data-digest.ts';
import { writeBatching } from '../../adapters/python/write-batching.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { createWorld } from '../actions/support/deployment.ts';
import { showReport } from '../actions/support/show-report.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-batch-size-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model that doubles a number, which goes through MLflow for each request or once for all of a batch, and its holdout. Prints its digest. */
const MAKE = `
import sys
from pathlib import Path
import mlflow, numpy as np, pandas as pd
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, Schema

class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input['x'].to_numpy() * 2

signature = ModelSignature(Schema([ColSpec('double', 'x')]), Schema([ColSpec('double')]))
mlflow.pyfunc.save_model(sys.argv[1], python_model=Double(), signature=signature, pip_requirements=['mlflow'])
x = np.arange(40) + 0.5
pd.DataFrame({'id': range(40), 'x': x, 'label': 2 * x + 1}).to_csv(sys.argv[2], index=False)
sys.path.insert(0, sys.argv[3])
from trainyard.files import digest_folder
print(digest_folder(Path(sys.argv[1])))
`;

function configOf(delay: string) {
  const text = `version: 1
model: doubles
gate: [{ metric: mae, ceiling: 2 }, { metric: latency-p95, at-most: 20s }]
data: { holdout: { path: held.csv, id: id } }
answers: { task: regression }
serving: { batch-size: auto, max-batch-delay: ${delay} }
`;
  const parsed = parseConfig(text, {
    file: 'trainyard.yml',
    env: { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

test('of `auto` the build makes the number that the package is served by, and says how it came to it', async () => {
  const modelUri = path.join(folder, 'model');
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' };
  const made = [modelUri, path.join(folder, 'held.csv'), path.join(ROOT, 'runtime')];
  const printed = execFileSync(venvProgram('python'), ['-c', MAKE, ...made], { env, stdio: 'pipe' });
  const modelDigest = printed.toString().trim().split('\n').at(-1) ?? '';
  const lines: string[] = [];
  const runtime = createPythonRuntime({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace: folder },
    ...{ env: process.env, trackingUri: 'http://127.0.0.1:1', environment: 'runner' },
    ...{ policy: { require: false, timeoutSeconds: 600 }, onLine: (line) => lines.push(line) },
  });
  const { tracking, job } = createWorld([]);
  const { runId } = await tracking.createRun({ experiment: 'doubles', name: 'x', tags: {} });
  const registered = {
    ...({ schema_version: 1, action: 'register', version: '1' } as const),
    ...{ runId, modelUri, modelDigest },
  };
  const build = async (delay: string) => {
    const built = mkdtempSync(path.join(folder, 'package-'));
    const outcome = await buildTorchserve(
      { config: configOf(delay), registered },
      {
        ...{ tracking, log: job({ operation: 'train' }).ports.log, python: runtime, writeBatching },
        ...{ fetchData: async () => undefined, packageFolder: async () => built },
        listFiles: (one) => readdir(one),
      },
    );
    const file = path.join(built, 'trainyard.json');
    expect(outcome.outputs.package).toBe(packageName('doubles', await hashFile(file)));
    return { outcome, manifest: packageManifestSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
  };

  const { outcome, manifest } = await build('5ms');
  expect(outcome.reasonCode).toBe('package-built');
  const { batchSize } = manifest.serving;
  const rows = manifest.batching?.sizes ?? [];
  expect(rows.map(({ size }) => size)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  const most = Math.max(...rows.map(({ requestsPerSecond }) => requestsPerSecond));
  expect(rows.find(({ requestsPerSecond }) => requestsPerSecond >= 0.95 * most)?.size).toBe(batchSize);
  expect(lines.join('\n')).toContain('batches of 64: ');
  expect(showReport(outcome.report)).toContain(`Batch size ${batchSize}`);

  const changed = path.join(folder, 'package-of-another');
  mkdirSync(changed);
  writeFileSync(path.join(changed, 'trainyard.json'), JSON.stringify(manifest));
  const built = { folder: changed, manifestDigest: 'sha256:another', sizeBytes: 1 };
  const search = { why: 'x', machine: { processor: 'x', cores: 1, memoryBytes: 1 }, sizes: [] };
  await expect(writeBatching(built, 2, search)).rejects.toThrow('is not as it was written');

  const late = await build('20s');
  expect(late.manifest.serving).toMatchObject({ batchSize: 1, maxBatchDelayMs: 20_000 });
  expect(late.manifest.batching?.why).toContain('shorten it');
}, 900_000);
