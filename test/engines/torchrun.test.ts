import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { ROOT, STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { startTrainAction } from './support/train-action.ts';

const folder = mkdtempSync(path.join(STATE_DIR, 'torchrun-'));
let server: MlflowServer;

beforeAll(async () => {
  const python = venvProgram('python');
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
});
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['2', 2],
  // Where there are no GPUs.
  ['auto', 1],
])(
  'a training of torchrun’s with `processes: %s` runs in as many, in one MLflow run',
  async (written, count) => {
    const workspace = path.join(folder, `workspace-${written}`);
    cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'spread'), workspace, { recursive: true });
    const lines = [
      ...['version: 1', 'model: tiny', `tracking: { uri: "${server.url}" }`],
      ...[`project: { processes: ${written} }`, 'gate: [{ metric: accuracy, floor: 0.1 }]'],
    ];
    writeFileSync(path.join(workspace, 'trainyard.yml'), `${lines.join('\n')}\n`);
    const temp = path.join(folder, `temp-${written}`);
    const env = { CUDA_VISIBLE_DEVICES: '' };
    const job = startTrainAction({ workspace, temp, correlationId: `torchrun-${written}`, env });
    const { code, outputs } = await job.ended;
    const said = job.lines.join('\n');
    expect(code, said).toBe(0);
    expect(said.match(/of \d processes this is \d/g)).toHaveLength(count);
    const run = await createMlflow({ uri: server.url }, systemClock).getRun(outputs['run-id'] ?? '');
    expect(run.metrics).toEqual({ processes: count });
  },
);
