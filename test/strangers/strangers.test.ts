import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { openRehearsal } from '../acceptance/support/play-stranger.ts';
import {
  createStrangerProject,
  putInTheYard,
  STRANGERS,
  type StrangerName,
} from '../acceptance/support/strangers.ts';

const NAMES = Object.keys(STRANGERS).filter((name): name is StrangerName => name in STRANGERS);
const REPORT = path.join(STATE_DIR, 'reports', 'strangers');

/** What somebody did before they heard of Trainyard. */
const REGISTER = `
import runpy, sys, mlflow
mlflow.set_experiment('by-hand')
sys.argv = ['train.py', '--epochs', '6']
runpy.run_path('train.py', run_name='__main__')
(logged,) = mlflow.last_active_run().outputs.model_outputs
mlflow.register_model(f'models:/{logged.model_id}', 'cells')
`;

test.each(NAMES)(
  '%s: from a project to a canary and back, by the documents alone',
  async (name) => {
    const start = performance.now();
    const stranger = createStrangerProject(name);
    expect(putInTheYard(stranger)).toBe('0 errors, 1 warning.');
    const rehearsal = await openRehearsal(stranger);
    try {
      stranger.trainyard('sandbox', 'push');
      expect(await rehearsal.nextEnd()).toMatch(/^push success: .*judge gate-passed.*deploy promoted/);
      const answer = await rehearsal.ask();
      expect(answer).toMatchObject({ predictions: expect.anything() });
      rehearsal.sendTraffic();
      stranger.trainyard('sandbox', 'comment', stranger.train);
      expect(await rehearsal.nextEnd()).toMatch(/judge gate-passed.*deploy promoted/);
      stranger.trainyard('sandbox', 'comment', '/rollback');
      expect(await rehearsal.nextEnd()).toMatch(/take-back rolled-back/);
      const seconds = Math.round((performance.now() - start) / 1_000);
      mkdirSync(REPORT, { recursive: true });
      const report = { seconds, waited: rehearsal.waited, answer };
      writeFileSync(path.join(REPORT, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
    } finally {
      await rehearsal.close();
      discard(path.dirname(stranger.folder));
    }
  },
  1_500_000,
);

test('cells, whose first model is in the registry: it serves as it is, and a training is compared with it', async () => {
  const stranger = createStrangerProject('cells');
  const adopting = { ...stranger, init: [...stranger.init, '--adopt', 'models:/cells/1'] };
  expect(putInTheYard(adopting)).toBe('0 errors, 1 warning.');
  const rehearsal = await openRehearsal(stranger);
  try {
    const tracking = /^MLflow *(?<url>\S+)/im.exec(stranger.trainyard('sandbox', 'status'))?.groups?.['url'];
    execFileSync(venvProgram('python'), ['-c', REGISTER], {
      cwd: stranger.folder,
      env: { ...process.env, MLFLOW_TRACKING_URI: tracking },
      stdio: 'pipe',
    });
    stranger.trainyard('sandbox', 'push');
    expect(await rehearsal.nextEnd()).toMatch(/^push success: .*judge gate-passed.*deploy promoted/);
    expect(await rehearsal.ask()).toMatchObject({ predictions: expect.anything() });
    rehearsal.sendTraffic();
    const file = path.join(stranger.folder, 'trainyard.yml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('train: adopt', 'train: train'));
    stranger.commit('Train');
    stranger.trainyard('sandbox', 'push');
    expect(await rehearsal.nextEnd()).toMatch(/^push success: .*judge gate-passed.*deploy promoted/);
  } finally {
    await rehearsal.close();
    discard(path.dirname(stranger.folder));
  }
}, 900_000);
