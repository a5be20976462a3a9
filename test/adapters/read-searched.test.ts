import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { hashText } from '../../adapters/data-digest.ts';
import { createSearchReader } from '../../adapters/mlflow/read-searched.ts';

const FILES = [{ path: 'data/a.csv', digest: 'sha256:a' }];
const TEXT = JSON.stringify({ schema_version: 1, data: { digest: 'sha256:d', files: FILES, empty: [] } });

/** Reads the search whose artifact the ledger knows as `TEXT`, where MLflow has this. */
function read(stored: string) {
  const asked: string[] = [];
  const downloadArtifact = async (runId: string, path: string, file: string) => {
    asked.push(`${runId}/${path}`);
    await writeFile(file, stored);
  };
  const reading = createSearchReader(
    { downloadArtifact },
    tmpdir(),
  )({
    runId: 'run-1',
    resultDigest: hashText(TEXT),
  });
  return { reading, asked };
}

test('the files that a search read are those of its artifact', async () => {
  const { reading, asked } = read(TEXT);
  expect(await reading).toEqual(FILES);
  expect(asked).toEqual(['run-1/trainyard/search/search.json']);
});

test('an artifact that somebody has changed since says nothing of them', async () => {
  const { reading } = read(TEXT.replace('data/a.csv', 'data/b.csv'));
  await expect(reading).rejects.toThrow(/not the one that the ledger knows by its digest/);
});
