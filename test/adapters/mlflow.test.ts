import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { ServiceError } from '../../core/errors.ts';
import type { Tracking } from '../../core/ports.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-mlflow-'));
let server: MlflowServer;
let tracking: Tracking;

beforeAll(async () => {
  server = await startMlflow({ python: venvProgram('python'), folder, env: process.env });
  tracking = createMlflow({ uri: server.url }, systemClock);
}, 180_000);
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

function newRun(tags: Readonly<Record<string, string>> = {}, name = 'train') {
  return tracking.createRun({ experiment: 'digits', name, tags });
}

describe('runs', () => {
  test('are opened, found by all of their tags, and closed', async () => {
    const run = await newRun({ 'trainyard.correlation-id': "it's 1", step: 'train' });
    await newRun({ 'trainyard.correlation-id': "it's 1", step: 'etl' });
    const found = await tracking.findRuns('digits', { 'trainyard.correlation-id': "it's 1", step: 'train' });
    expect(found.map(({ runId }) => runId)).toEqual([run.runId]);
    expect(found[0]?.status).toBe('RUNNING');
    await tracking.endRun(run.runId, 'FINISHED');
    const ended = await tracking.getRun(run.runId);
    expect(ended.status).toBe('FINISHED');
    expect([run.endedAt, Date.parse(ended.endedAt ?? '') > Date.now() - 60_000]).toEqual([undefined, true]);
  });

  test('show what they were given: parameters, and the data that they read', async () => {
    const { runId } = await newRun();
    const parameters = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`p${index}`, '0.1']));
    await tracking.logParameters(runId, { ...parameters, text: 'x'.repeat(7_000) });
    expect((await tracking.getRun(runId)).parameters).toMatchObject(parameters);
    const source = { uri: 'https://github.test/a/b', paths: ['data/train'] };
    await tracking.logDataset(runId, { name: 'data/train', digest: `sha256:${'a'.repeat(64)}`, source });
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${runId}`);
    expect(await answer.json()).toMatchObject({
      run: {
        inputs: {
          dataset_inputs: [
            {
              tags: [{ key: 'mlflow.data.context', value: 'training' }],
              dataset: { name: 'data/train', digest: 'a'.repeat(36), source: JSON.stringify(source) },
            },
          ],
        },
      },
    });
  });

  test('of an experiment that does not exist are none', async () => {
    expect(await tracking.findRuns('nowhere', { a: 'b' })).toEqual([]);
  });

  test('take more tags at once than one call may carry', async () => {
    const { runId } = await newRun();
    const tags = Object.fromEntries(
      Array.from({ length: 150 }, (_, index) => [`tag-${index}`, String(index)]),
    );
    await tracking.setRunTags(runId, tags);
    expect((await tracking.getRun(runId)).tags).toMatchObject(tags);
  });

  test('know their parent', async () => {
    const parent = await newRun();
    const child = await tracking.createRun({
      experiment: 'digits',
      name: 'etl',
      tags: {},
      parentRunId: parent.runId,
    });
    expect(child.tags['mlflow.parentRunId']).toBe(parent.runId);
  });

  test('that do not exist reject with the endpoint and the next step', async () => {
    const thrown: unknown = await tracking.getRun('0'.repeat(32)).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ServiceError);
    expect(String(thrown)).toContain(`GET ${server.url}/api/2.0/mlflow/runs/get`);
  });
});

describe('artifacts', () => {
  test('come back byte for byte, are listed, and may be replaced', async () => {
    const { runId } = await newRun();
    const file = path.join(folder, 'up.bin');
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
    writeFileSync(file, 'first');
    await tracking.uploadArtifact(runId, 'trainyard/a folder/up.bin', file);
    writeFileSync(file, bytes);
    await tracking.uploadArtifact(runId, 'trainyard/a folder/up.bin', file);
    expect(await tracking.listArtifacts(runId, 'trainyard/a folder')).toEqual(['trainyard/a folder/up.bin']);
    const target = path.join(folder, 'deep', 'down.bin');
    await tracking.downloadArtifact(runId, 'trainyard/a folder/up.bin', target);
    expect(readFileSync(target).equals(bytes)).toBe(true);
  });

  test('of an empty folder are none', async () => {
    const { runId } = await newRun();
    expect(await tracking.listArtifacts(runId, 'trainyard/nothing')).toEqual([]);
  });

  test('of a run that is gone are none, and can’t be put there', async () => {
    const gone = '0'.repeat(32);
    expect(await tracking.listArtifacts(gone, 'trainyard/nothing')).toEqual([]);
    await expect(tracking.uploadArtifact(gone, 'trainyard/up.bin', 'up.bin')).rejects.toThrow(ServiceError);
  });
});

describe('the registry', () => {
  test('registers a model once per run, and moves and removes aliases', async () => {
    const run = await newRun();
    const model = path.join(folder, 'model');
    mkdirSync(model, { recursive: true });
    writeFileSync(path.join(model, 'MLmodel'), 'flavors: {}\nsignature: { inputs: "[]" }\n');
    await tracking.uploadArtifact(run.runId, 'model/MLmodel', path.join(model, 'MLmodel'));
    const logged = { ...run, modelUri: `runs:/${run.runId}/model` };
    expect(await tracking.getModel(logged.modelUri)).toMatchObject({ hasSignature: true });
    const first = await tracking.register('digits', logged, { 'trainyard.sha': 'abc' });
    const again = await tracking.register('digits', logged, {});
    expect(first).toMatchObject({ version: '1', status: 'READY', runId: run.runId });
    expect(again.version).toBe('1');
    expect(await tracking.getAlias('digits', 'champion')).toBeUndefined();
    await tracking.setAlias('digits', 'champion', '1');
    expect(await tracking.getAlias('digits', 'champion')).toBe('1');
    await tracking.setAlias('digits', 'champion', undefined);
    await tracking.setAlias('digits', 'champion', undefined);
    expect(await tracking.getAlias('digits', 'champion')).toBeUndefined();
  });

  test('knows no model that is not there', async () => {
    expect(await tracking.getModel('models:/m-nothing')).toBeUndefined();
  });
});

describe('the digest of a logged model', () => {
  test('is over the bytes that the server gives now, as the Python runtime has it of the folder', async () => {
    const { runId } = await newRun();
    const local = mkdtempSync(path.join(folder, 'logged-'));
    // Sorted as texts, `code-b` would come before what is in `code`.
    const files = ['MLmodel', 'code/a.py', 'code/deeper/ä.py', 'code-b', 'code/𝒂.py', 'code/ｆ.py'];
    for (const file of files) await store(runId, local, file, `bytes of ${file}`);
    const modelUri = `runs:/${runId}/model`;
    expect(await tracking.digestModel(modelUri)).toBe(digestByPython(local));
    await store(runId, local, 'code/__pycache__/a.cpython-311.pyc', 'left by loading it');
    await store(runId, local, 'registered_model_meta', 'left by fetching it');
    expect(await tracking.digestModel(modelUri)).toBe(digestByPython(local));
    const content = await tracking.readModelContent(modelUri);
    expect(content?.digest).toBe(digestByPython(local));
    expect([...(content?.files ?? [])].map(([file, digest]) => [file, digest]).toSorted()).toEqual(
      files.map((file) => [file, createHash('sha256').update(`bytes of ${file}`).digest('hex')]).toSorted(),
    );
    expect(await tracking.readModelText(modelUri, 'code/deeper/ä.py')).toBe('bytes of code/deeper/ä.py');
    expect(await tracking.readModelText(modelUri, 'model.sig')).toBeUndefined();
    const before = await tracking.digestModel(modelUri);
    await store(runId, local, 'code/a.py', 'other bytes');
    expect(await tracking.digestModel(modelUri)).not.toBe(before);
  });

  test('is none of a model that is not there', async () => {
    expect(await tracking.digestModel('models:/m-nothing')).toBeUndefined();
  });

  async function store(runId: string, local: string, file: string, content: string): Promise<void> {
    const target = path.join(local, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
    await tracking.uploadArtifact(runId, `model/${file}`, target);
  }

  function digestByPython(local: string): string {
    const program =
      'import sys, pathlib; from trainyard.files import digest_folder; print(digest_folder(pathlib.Path(sys.argv[1])))';
    const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'runtime') };
    return execFileSync(venvProgram('python'), ['-c', program, local], { env, encoding: 'utf8' }).trim();
  }
});

test('a server that is not there is named, after bounded retries', async () => {
  const lonely = createMlflow(
    { uri: 'http://127.0.0.1:9', http: { wait: async () => undefined } },
    systemClock,
  );
  await expect(lonely.check()).rejects.toThrow(/http:\/\/127\.0\.0\.1:9\/health/);
});
