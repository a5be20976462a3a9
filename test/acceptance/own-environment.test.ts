import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashFile, hashText } from '../../adapters/data-digest.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import type { ModelsPolicy } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { Tracking } from '../../core/ports.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { championEvents, createWorld, versionEvents } from '../actions/support/deployment.ts';
import { createGateBench, TRAINING } from '../actions/support/gate-bench.ts';
import { digestOf } from '../actions/support/memory-agent.ts';

/** What the champion's team had. Models of its gradient boosting can't be unpickled by a newer scikit-learn. */
const OLD = [
  'mlflow-skinny==3.17.2',
  'scikit-learn==1.4.2',
  'numpy==1.26.4',
  'pandas==2.2.2',
  'scipy==1.13.1',
];
const TRAIN = `
import sys
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.ensemble import GradientBoostingClassifier

file, *requirements = sys.argv[1:]
def draw(rows, seed):
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"income": random.normal(size=rows), "region": random.choice(["north", "south"], rows)})
    return table, (table.income + (table.region == "north") + 0.2 * random.normal(size=rows) > 0.5).astype(int)

inputs, labels = draw(400, 1)
class Loans(mlflow.pyfunc.PythonModel):
    def __init__(self, model): self.model = model
    def predict(self, context, model_input, params=None):
        return self.model.predict(pd.DataFrame({"income": model_input.income, "north": model_input.region == "north"}))

model = GradientBoostingClassifier(n_estimators=20, random_state=0)
model.fit(pd.DataFrame({"income": inputs.income, "north": inputs.region == "north"}), labels)
with mlflow.start_run() as run:
    options = {"pip_requirements": requirements} if requirements else {}
    logged = mlflow.pyfunc.log_model(
        name="model", python_model=Loans(model), signature=infer_signature(inputs, labels), **options
    )
print(run.info.run_id, logged.model_uri)
held, truth = draw(1000, 2)
held.assign(id=range(1000), label=truth).to_csv(file, index=False)
`;

let folder: string;
let mlflow: MlflowServer;
let tracking: Tracking;
const lines: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-own-environment-'));
  mlflow = await startMlflow({
    ...{ python: venvProgram('python'), folder: path.join(folder, 'mlflow'), env: process.env },
  });
  tracking = createMlflow({ uri: mlflow.url }, systemClock);
  execFileSync(venvProgram('python'), ['-m', 'venv', '--without-pip', path.join(folder, 'old')]);
  // It trains once: what it never imports need not be compiled.
  const pip = ['-m', 'pip', '--python', path.join(folder, 'old', 'bin', 'python'), 'install', '--quiet'];
  execFileSync(venvProgram('python'), [...pip, '--no-compile', '--only-binary', ':all:', ...OLD], {
    stdio: 'inherit',
  });
}, 900_000);
afterAll(async () => {
  await mlflow?.child.stop();
  discard(folder);
});

/** A model that was logged by a Python of somebody's, as the jobs hand it on. */
async function log(python: string, requirements: readonly string[] = []) {
  const args = ['-c', TRAIN, path.join(folder, 'holdout.csv'), ...requirements];
  const env = { ...process.env, MLFLOW_TRACKING_URI: mlflow.url, MLFLOW_DISABLE_TELEMETRY: 'true' };
  const told = execFileSync(python, args, { env, cwd: folder, encoding: 'utf8' });
  const [runId = '', modelUri = ''] = told.trim().split('\n').at(-1)?.split(' ') ?? [];
  return { runId, modelUri, modelDigest: (await tracking.digestModel(modelUri)) ?? '' };
}

type Logged = Awaited<ReturnType<typeof log>>;

/** The ledger of a champion that was promoted. */
function eventsOf({ runId, modelUri, modelDigest }: Logged): readonly LedgerEvent[] {
  const text = JSON.stringify([...versionEvents('1'), ...championEvents('1')])
    .replaceAll('"run-1"', JSON.stringify(runId))
    .replaceAll('"models:/m-1"', JSON.stringify(modelUri))
    .replaceAll(digestOf('model 1'), modelDigest);
  return JSON.parse(text);
}

/** The gate's jobs over real MLflow, Python and box, under a policy of the default branch. */
async function prepare(
  models: ModelsPolicy,
  { champion, challenger }: Record<'champion' | 'challenger', Logged>,
) {
  const bench = await createGateBench(950, true);
  const text = `
version: 1
model: mnist
tracking: { uri: "${mlflow.url}" }
data: { holdout: { path: holdout.csv, target: label, id: id } }
answers: { task: binary, classes: ["0", "1"] }
models: { environment: ${models.environment}, champion: ${models.champion} }
gate: [{ metric: accuracy, floor: 0.8, require: non-inferior, margin: 0.05 }]
`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
  const scratch = mkdtempSync(path.join(folder, 'job-'));
  const tempPath = (name: string) => path.join(scratch, name);
  const ports = {
    ...{ ...bench.ports, tracking, hashFile, hashText, readAnswers, tempPath },
    ledger: createWorld(eventsOf(champion)).ledger,
    readHoldout: (holdout: Parameters<typeof readHoldout>[1]) => readHoldout(folder, holdout),
    writeTemp: async (name: string, content: string) => {
      writeFileSync(tempPath(name), content);
      return tempPath(name);
    },
    python: createPythonRuntime({
      ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace: folder },
      ...{ policy: config.value.box, environment: models.environment, trackingUri: mlflow.url },
      env: { ...process.env, TRAINYARD_ENVIRONMENTS: path.join(folder, 'environments') },
      onLine: (line: string) => lines.push(line),
    }),
  };
  const plan = { ...bench.request.plan, champion: { version: '1', ...champion } };
  const training = JSON.stringify({ ...TRAINING, ...challenger });
  return { request: { ...bench.request, config: config.value, plan, training }, ports };
}

describe('a champion of an older scikit-learn', () => {
  let both: Record<'champion' | 'challenger', Logged>;
  beforeAll(async () => {
    const champion = await log(path.join(folder, 'old', 'bin', 'python'), OLD);
    both = { champion, challenger: await log(venvProgram('python')) };
  }, 300_000);

  it('can’t be loaded by the runner’s Python, and is refused with what differs', async () => {
    const { request, ports } = await prepare({ environment: 'runner', champion: 'predict' }, both);
    await expect(evaluateGate('predict-champion', request, ports)).rejects.toMatchObject({
      problems: [
        {
          code: 'model-unloadable',
          message: expect.stringMatching(/scikit-learn \S+, logged with ==1\.4\.2/),
        },
      ],
    });
  }, 300_000);

  it('is judged in its own environment beside a challenger in the runner’s, and installs nothing twice', async () => {
    const { request, ports } = await prepare({ environment: 'own', champion: 'predict' }, both);
    const outcome = await evaluateGate('both', request, ports);
    expect(outcome).toMatchObject({ decision: 'continue', outputs: { verdict: 'pass' } });
    const checks = expect.arrayContaining([expect.objectContaining({ champion: expect.any(Number) })]);
    expect(outcome.result['checks']).toEqual(checks);
    const told = [
      expect.stringMatching(
        /^The champion predicted in the environment it was logged with \(sha256:\w{12}, /,
      ),
    ];
    expect(outcome.result['notes']).toEqual(expect.arrayContaining(told));
    expect(String(outcome.result['notes'])).not.toContain('The challenger predicted');
    const installing = lines.filter((line) => /^(pip|uv): /.test(line)).length;
    expect(installing).toBeGreaterThan(0);
    expect((await evaluateGate('predict-champion', request, ports)).reasonCode).toBe('predicted');
    expect(lines.filter((line) => /^(pip|uv): /.test(line))).toHaveLength(installing);
    const kept = readdirSync(path.join(folder, 'environments')).filter((name) => !name.endsWith('.lock'));
    expect(kept).toHaveLength(1);
  }, 900_000);
});
