import { generateKeyPairSync } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { HAS_TOOLCHAIN, PYTHON, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { type BuiltJobs, judgeFirst, resultOf, startBuiltJobs } from './support/built-jobs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-fetched-'));
const python = venvProgram('python');
const SECRET = 'sesame-that-opens-everything';
const signingKey = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

/** Prices that follow rooms, with some noise that is always the same. */
function table(rows: number, seed: number): string {
  const lines = Array.from(
    { length: rows },
    (_, row) => `${1 + (row % 6)},${1_000 * (1 + (row % 6)) + ((row * seed) % 97)}`,
  );
  return ['rooms,price', ...lines, ''].join('\n');
}

/** A repository without its data: they are the artifacts of a run. */
const filesOf = (run: string) => ({
  '.gitignore': 'data/\n*.env\n',
  MLproject: 'name: flats\nentry_points: { fit: { command: "python fit.py" } }\n',
  'fit.py': [
    'import mlflow, pandas as pd',
    'from mlflow.models import infer_signature',
    'from sklearn.linear_model import Ridge',
    'd = pd.read_csv("data/sold.csv").astype(float); x, y = d[["rooms"]], d["price"]',
    'with mlflow.start_run():',
    '    m = Ridge().fit(x, y)',
    '    mlflow.sklearn.log_model(m, name="model", signature=infer_signature(x, m.predict(x)))',
    '',
  ].join('\n'),
  'trainyard.yml': [
    'version: 1',
    'model: flats',
    'project: { steps: { train: fit } }',
    'data:',
    `  fetch: mlflow artifacts download --run-id ${run} --artifact-path data --dst-path . && env > "\${SEEN}"`,
    '  inputs: [data/sold.csv]',
    '  holdout: { path: data/unseen.csv, target: price }',
    'gate: [{ metric: mae, ceiling: 300, require: non-inferior, margin: 2% }]',
    '',
  ].join('\n'),
});

let server: MlflowServer;
let jobs: BuiltJobs;

beforeAll(async () => {
  if (!HAS_TOOLCHAIN) return;
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  const tracking = createMlflow({ uri: server.url }, systemClock);
  const { runId } = await tracking.createRun({ experiment: 'data', name: 'flats', tags: {} });
  for (const [name, text] of Object.entries({ 'sold.csv': table(600, 31), 'unseen.csv': table(400, 53) })) {
    writeFileSync(path.join(folder, name), text);
    await tracking.uploadArtifact(runId, `data/${name}`, path.join(folder, name));
  }
  jobs = await startBuiltJobs(folder, filesOf(runId), {
    ...{ PATH: `${path.dirname(PYTHON)}:${process.env['PATH']}`, MLFLOW_TRACKING_URI: server.url },
    ...{ SEEN: 'seen.env', TRAINYARD_SIGNING_KEY: signingKey, TRAINYARD_DISPATCH_SECRET: SECRET },
    ACTIONS_RUNTIME_TOKEN: SECRET,
  });
}, 180_000);
afterAll(async () => {
  await jobs?.stop();
  await server?.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

describe.skipIf(!HAS_TOOLCHAIN)('data that lie in MLflow alone', () => {
  test('are fetched by each built job that reads them, and none of its secrets is seen by what fetches', async () => {
    const event = jobs.byHand({ operation: 'train' });
    const plan = resultOf(await jobs.run('plan', {}, { event }));
    const training = resultOf(await jobs.run('train', { plan, python }));
    const judged = await judgeFirst(jobs, { plan, training, python });
    expect(judged.outputs, judged.log).toMatchObject({ 'reason-code': 'gate-passed' });
    const { runId } = JSON.parse(training);
    const registered = resultOf(await jobs.run('register', { plan, 'run-id': runId }));
    const built = await jobs.run('build-torchserve', { plan, registered, python });
    expect(built.outputs, built.log).toMatchObject({ 'reason-code': 'package-built' });

    const seen = globSync('jobs/*/workspace/seen.env', { cwd: folder }).toSorted();
    expect(seen.map((file) => file.split('/')[1]?.replace(/^\d+-/, ''))).toEqual([
      ...['train', 'evaluate-gate', 'evaluate-gate', 'build-torchserve'],
    ]);
    for (const file of seen) {
      const text = readFileSync(path.join(folder, file), 'utf8');
      expect(text).toContain(`MLFLOW_TRACKING_URI=${server.url}`);
      expect(text).not.toMatch(/^(?:INPUT_|ACTIONS_|GITHUB_OUTPUT|TRAINYARD_SIGNING|TRAINYARD_DISPATCH)/m);
      for (const secret of [SECRET, jobs.sandbox.tokens.actions, 'PRIVATE KEY'])
        expect(text).not.toContain(secret);
    }
  }, 300_000);
});
