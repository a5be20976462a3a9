import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { hashData } from '../../adapters/data-digest.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An MLflow of one run, whose models were logged at these times, and that keeps artifacts there. */
function mlflow(models: Readonly<Record<string, number>>, root = 'mlflow-artifacts:/1/r') {
  const info = { run_id: 'r', experiment_id: '1', status: 'FINISHED', artifact_uri: root };
  const model_outputs = Object.keys(models).map((model_id) => ({ model_id, step: 0 }));
  const answer = (url: string) => {
    const id = /logged-models\/(?<id>[\w-]+)/.exec(url)?.groups?.['id'] ?? '';
    if (id === '') return { run: { info, outputs: { model_outputs } } };
    return { model: { info: { artifact_uri: '', creation_timestamp_ms: String(models[id]) } } };
  };
  const fetch = async (url: string | URL | Request) => Response.json(answer(String(url)));
  return createMlflow({ uri: 'http://mlflow.test', http: { fetch } }, systemClock);
}

describe('of several models that a run has logged', () => {
  test.each([
    ['m-a', { 'm-a': 2, 'm-b': 1 }],
    ['m-b', { 'm-a': 1, 'm-b': 2 }],
  ])('the one that was logged last counts, whatever their random ids are (%s)', async (last, models) => {
    expect((await mlflow(models).getRun('r')).modelUri).toBe(`models:/${last}`);
  });
});

describe('artifacts that do not go through the server', () => {
  test.each(['s3://bucket/1/r', 'file:///mlruns/1/r'])(
    'are refused before anything is trained (%s)',
    async (root) => {
      await expect(mlflow({}, root).checkArtifacts('r')).rejects.toThrow(/can't be reached through/);
    },
  );

  test('are none where they do', async () => {
    await expect(mlflow({}).checkArtifacts('r')).resolves.toBeUndefined();
  });
});

describe('data that links lead to', () => {
  test('are hashed as what they are', async () => {
    const [cache, data] = [path.join(folder, 'cache'), path.join(folder, 'data')];
    for (const place of [path.join(cache, 'more'), data]) mkdirSync(place, { recursive: true });
    writeFileSync(path.join(cache, 'train.csv'), 'one');
    writeFileSync(path.join(cache, 'more', 'b.csv'), 'b');
    symlinkSync(path.join(cache, 'train.csv'), path.join(data, 'train.csv'));
    symlinkSync(path.join(cache, 'more'), path.join(data, 'more'));
    symlinkSync(data, path.join(cache, 'more', 'up'));
    const first = await hashData(folder, ['data']);
    expect(first.files.map(({ path: name }) => name)).toEqual(['data/more/b.csv', 'data/train.csv']);
    writeFileSync(path.join(cache, 'train.csv'), 'two');
    expect((await hashData(folder, ['data'])).digest).not.toBe(first.digest);
  });

  test('are missing where a link leads nowhere, and where there is nothing at all', async () => {
    for (const place of ['broken', 'empty']) mkdirSync(path.join(folder, place));
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'broken', 'x'));
    await expect(hashData(folder, ['broken'])).rejects.toMatchObject({
      problems: [{ code: 'data-missing' }],
    });
    await expect(hashData(folder, ['empty'])).rejects.toMatchObject({ problems: [{ code: 'data-empty' }] });
    writeFileSync(path.join(folder, 'there.csv'), 'one');
    expect(await hashData(folder, ['there.csv', 'empty'])).toMatchObject({
      files: [{ path: 'there.csv' }],
      empty: ['empty'],
    });
  });
});
