import { expect, test } from 'vitest';
import { readDisk } from '../../actions/plan/read-disk.ts';
import { addSubmodule, createStranger } from '../cli/support/stranger.ts';
import { parse } from '../core/plan/plan-support.ts';

function configWith(holdout: string, steps = '{ train: fit }', fetch = '') {
  return parse(`version: 1
model: flats
gate: [{ metric: mae, ceiling: 9 }]
project: { uri: ml, steps: ${steps} }
data: { ${fetch}holdout: { path: ${holdout}, target: price } }
`);
}

const WITH_ETL = '{ etl: prepare, train: fit }';

test.each([
  ['is committed', 'ml/data/unseen.csv', undefined, true],
  ['is nowhere', 'ml/data/other.csv', undefined, false],
  ['lies in a submodule, which the plan does not fetch', './shared/data/unseen.csv', undefined, true],
  ['lies beside a submodule', 'shared-data/unseen.csv', undefined, false],
  ['is made outside of the clone', '/srv/made/unseen.csv', WITH_ETL, true],
  ['would be made in a clone that no other job has', 'ml/made.csv', WITH_ETL, false],
])('a holdout that %s', async (_, holdout, steps, has) => {
  const folder = createStranger();
  addSubmodule(folder, 'shared');
  expect((await readDisk(folder, configWith(holdout, steps))).hasHoldout).toBe(has);
});

test('a holdout that Git LFS keeps is there as its pointer', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
  const folder = createStranger({ 'ml/data/unseen.csv': pointer });
  expect((await readDisk(folder, configWith('ml/data/unseen.csv'))).hasHoldout).toBe(true);
});

test('a holdout that data.fetch may bring is not missed by the plan, which fetches nothing', async () => {
  const config = configWith('ml/data/other.csv', undefined, 'fetch: dvc pull, ');
  expect((await readDisk(createStranger(), config)).hasHoldout).toBe(true);
});
