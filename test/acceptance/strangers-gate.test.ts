import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { systemClock } from '../../adapters/clock.ts';
import { hashFile, hashText } from '../../adapters/data-digest.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { makePythonAbove } from '../../sandbox/desk/python-above.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { createGateBench, TRAINING } from '../actions/support/gate-bench.ts';
import {
  createStrangerProject,
  putInTheYard,
  type Stranger,
  type StrangerName,
} from './support/strangers.ts';

const NAMES = ['shop'] as const satisfies readonly StrangerName[];

let folder: string;
let mlflow: MlflowServer;
let above: ReturnType<typeof makePythonAbove>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-strangers-'));
  const python = venvProgram('python');
  const requirements = NAMES.map((name) =>
    path.join(ROOT, 'test', 'fixtures', 'strangers', name, 'requirements.txt'),
  );
  above = makePythonAbove(python, path.join(folder, 'python'), requirements, () => undefined);
  mlflow = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
});
afterAll(async () => {
  await mlflow?.child.stop();
  discard(folder);
});

/** Trains once, and gives what the job of the training would say. */
async function train({ folder: cwd }: Stranger, name: string, env: NodeJS.ProcessEnv) {
  const own = { ...env, MLFLOW_EXPERIMENT_NAME: name };
  execFileSync(above.python, ['train.py'], { cwd, env: own, stdio: 'pipe' });
  const tracking = createMlflow({ uri: mlflow.url }, systemClock);
  const [run] = await tracking.findRuns(name, {});
  if (run?.modelUri === undefined) throw new Error(`${name} has logged no model.`);
  const modelDigest = (await tracking.digestModel(run.modelUri)) ?? '';
  return { tracking, said: { ...TRAINING, runId: run.runId, modelUri: run.modelUri, modelDigest } };
}

test.each(NAMES)(
  '%s: what `init` writes is judged, and a first model passes',
  async (name) => {
    const stranger = createStrangerProject(name);
    expect(putInTheYard(stranger)).toBe('0 errors, 1 warning.');
    const env = {
      ...process.env,
      ...{ MLFLOW_TRACKING_URI: mlflow.url, MLFLOW_DISABLE_TELEMETRY: 'true', OMP_NUM_THREADS: '1' },
    };
    const { tracking, said } = await train(stranger, name, env);
    const text = readFileSync(path.join(stranger.folder, 'trainyard.yml'), 'utf8');
    // The bench keeps the ledger of one model alone.
    const config = parseConfig(text.replace(/^model: \w+/m, 'model: mnist'), { file: 'trainyard.yml', env });
    if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
    const bench = await createGateBench(0);
    const scratch = mkdtempSync(path.join(folder, 'job-'));
    const tempPath = (file: string) => path.join(scratch, file);
    const ports = {
      ...{ ...bench.ports, tracking, hashFile, hashText, readAnswers, tempPath },
      readHoldout: (holdout: Parameters<typeof readHoldout>[1]) => readHoldout(stranger.folder, holdout),
      writeTemp: async (file: string, content: string) => {
        writeFileSync(tempPath(file), content);
        return tempPath(file);
      },
      python: createPythonRuntime({
        ...{ python: above.python, runtime: path.join(ROOT, 'runtime'), workspace: stranger.folder },
        ...{ policy: config.value.box, environment: 'runner', trackingUri: mlflow.url },
        env: { ...env, TRAINYARD_BOX_SHOW: above.shared },
        onLine: () => undefined,
      }),
    };
    const request = { ...bench.request, config: config.value, training: JSON.stringify(said) };
    const outcome = await evaluateGate('both', request, ports);
    expect(outcome.result['checks']).toEqual(
      expect.arrayContaining([expect.objectContaining({ rule: 'floor', verdict: 'pass' })]),
    );
    expect(outcome).toMatchObject({ decision: 'continue', outputs: { verdict: 'pass' } });
    discard(path.dirname(stranger.folder));
  },
  300_000,
);
