import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { HAS_TOOLCHAIN, PYTHON, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { type BuiltJobs, judgeFirst, resultOf, startBuiltJobs } from './support/built-jobs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-explained-'));
const python = venvProgram('python');
/** The name of a column, as somebody could write it who wants to be more than shown. */
const HOSTILE = '</text><script>alert(1)</script>';

/** Prices that follow rooms, and not at all the other column. */
function table(rows: number, seed: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) =>
      `${1 + (row % 6)},${(row * 7) % 11},${1_000 * (1 + (row % 6)) + ((row * seed) % 97)},${row % 2 === 0 ? 'a' : 'b'}`,
  );
  return [`rooms,${HOSTILE},price,side`, ...lines, ''].join('\n');
}

const FILES = {
  MLproject: 'name: flats\nentry_points: { fit: { command: "python fit.py" } }\n',
  'sold.csv': table(600, 31),
  'unseen.csv': table(400, 53),
  'fit.py': [
    'import mlflow, pandas as pd, xgboost',
    'from mlflow.models import infer_signature',
    `d = pd.read_csv("sold.csv"); x, y = d[["rooms", "${HOSTILE}"]].astype(float), d["price"]`,
    'with mlflow.start_run():',
    '    m = xgboost.XGBRegressor(n_estimators=40, n_jobs=1).fit(x.to_numpy(), y)',
    '    mlflow.xgboost.log_model(m, name="model", signature=infer_signature(x, m.predict(x.to_numpy())))',
    '',
  ].join('\n'),
  'trainyard.yml': [
    'version: 1',
    'model: flats',
    'project: { steps: { train: fit } }',
    'data: { inputs: [sold.csv], holdout: { path: unseen.csv, target: price, slices: side } }',
    'gate: [{ metric: mae, ceiling: 300, require: non-inferior, margin: 2% }]',
    'models: { environment: runner, explain: { method: permutation, rows: 100, timeout: 30s } }',
    '',
  ].join('\n'),
};

let server: MlflowServer;
let jobs: BuiltJobs;

beforeAll(async () => {
  if (!HAS_TOOLCHAIN) return;
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  jobs = await startBuiltJobs(folder, FILES, {
    ...{ PATH: `${path.dirname(PYTHON)}:${process.env['PATH']}`, MLFLOW_TRACKING_URI: server.url },
  });
}, 180_000);
afterAll(async () => {
  await jobs?.stop();
  await server?.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe.skipIf(!HAS_TOOLCHAIN)('what a model’s answers hang on', () => {
  test('is measured, told, drawn and kept by the built jobs', async () => {
    const event = jobs.byHand({ operation: 'train' });
    const plan = resultOf(await jobs.run('plan', {}, { event }));
    const training = resultOf(await jobs.run('train', { plan, python }));
    const judged = await judgeFirst(jobs, { plan, training, python });
    expect(judged.outputs, judged.log).toMatchObject({ 'reason-code': 'gate-passed' });
    const { notes } = JSON.parse(judged.outputs['result'] ?? '{}');
    expect(notes.join('\n')).toMatch(
      /What the challenger's answers hang on most: rooms \(\+\d{4}\), .*\(permutation, on 100 of 400 rows: mean absolute error added/s,
    );

    const { runId } = JSON.parse(training);
    const tracking = createMlflow({ uri: server.url }, systemClock);
    const fetched = path.join(folder, 'fetched');
    await tracking.downloadArtifact(runId, 'trainyard/explanation.json', fetched);
    const { challenger } = JSON.parse(readFileSync(fetched, 'utf8'));
    expect(challenger.features.map(({ name }: { readonly name: string }) => name)).toEqual([
      'rooms',
      HOSTILE,
    ]);
    expect(challenger.slices.map(({ name }: { readonly name: string }) => name).toSorted()).toEqual([
      ...['side=a', 'side=b'],
    ]);
    await tracking.downloadArtifact(runId, 'trainyard/pictures/explanation.svg', fetched);
    const svg = readFileSync(fetched, 'utf8');
    expect(svg).toContain('&lt;/text&gt;&lt;script&gt;');
    expect(svg).not.toContain('<script');
  }, 300_000);
});
