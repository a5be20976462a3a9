import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { promote } from '../acceptance/support/promote.ts';
import { type BuiltJobs, resultOf, startBuiltJobs } from './support/built-jobs.ts';

const EXAMPLE = path.join(ROOT, 'examples', 'stockpred');
const python = venvProgram('python');
const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-stockpred-'));
const [store, packages] = [path.join(folder, 'store'), path.join(folder, 'packages')];
const fileOf = (name: string) => readFileSync(path.join(EXAMPLE, name), 'utf8');
const files = Object.fromEntries(readdirSync(EXAMPLE).map((name) => [name, fileOf(name)]));

/** The data come with this package, which nothing else of this repository needs; its own dependencies are not needed for them. */
const arch = /^arch==\S+$/m.exec(files['requirements.txt'] ?? '')?.[0] ?? '';
const install = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', packages, arch];
const isInstalled = spawnSync(python, install, { stdio: 'ignore', timeout: 60_000 }).status === 0;

let server: MlflowServer;
let jobs: BuiltJobs;

describe.skipIf(!isInstalled)(
  `stockpred, in a repository of its own (skipped where ${arch} can't be had)`,
  () => {
    beforeAll(async () => {
      const prepared = spawnSync(python, [path.join(EXAMPLE, 'prepare_data.py'), '--out', store], {
        env: { ...process.env, PYTHONPATH: packages },
        encoding: 'utf8',
      });
      expect(prepared.stderr).toBe('');
      server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
      jobs = await startBuiltJobs(folder, files, {
        ...{ PATH: `${path.dirname(python)}:${process.env['PATH']}`, MLFLOW_TRACKING_URI: server.url },
        ...{ STOCKPRED_DATA: store, SERVING_HOST: 'https://serve.test:9443' },
      });
    }, 180_000);
    afterAll(async () => {
      await jobs?.stop();
      await server?.child.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    test('prepares the days of sixteen years to train on and of four to be judged by', () => {
      expect(readdirSync(path.join(store, 'train'))).toHaveLength(16);
      const digest = createHash('sha256')
        .update(readFileSync(path.join(store, 'holdout.csv')))
        .digest('hex');
      expect(files['trainyard.yml']).toContain(`digest: sha256:${digest}`);
    });

    test('an XGBoost model passes by the floors alone, and a PyTorch one after it is inconclusive: nothing shows that it is better', async () => {
      const first = await runToGate('model=trees', 1);
      expect(first.gate.outputs).toMatchObject({ 'reason-code': 'gate-passed', verdict: 'pass' });
      const registered = await jobs.run('register', {
        plan: first.plan,
        'run-id': JSON.parse(first.training).runId,
      });
      expect(registered.outputs, registered.log).toMatchObject({ version: '1' });
      expect(await promote({ sandbox: jobs.sandbox, folder }, { model: 'stockpred', version: '1' })).toBe(
        true,
      );

      const second = await runToGate('model=network', 2);
      expect(second.gate.outputs, second.gate.summary).toMatchObject({
        'reason-code': 'gate-inconclusive',
        verdict: 'inconclusive',
      });
      expect(second.gate.summary).toMatch(/^\| log-loss \(compare: superior\).*inconclusive/m);
      expect(second.gate.summary).toMatch(/^\| signature .*pass/m);
    }, 900_000);
  },
);

/** Plans, trains and judges, each in a job of its own. */
async function runToGate(parameters: string, runId: number) {
  const event = jobs.byHand({ operation: 'train', parameters });
  const plan = resultOf(await jobs.run('plan', {}, { event, runId }));
  const training = resultOf(await jobs.run('train', { plan, python }, { runId }));
  const gate = await jobs.run('evaluate-gate', { plan, training, python }, { runId });
  resultOf(gate);
  return { plan, training, gate };
}
