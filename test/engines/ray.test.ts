import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { findCommands } from '../adapters/support/find-commands.ts';
import { letGo, startRemote, waitingCommand } from './support/remote-project.ts';
import { installRay, type Ray, startRay } from './support/start-ray.ts';

const installed = installRay(path.join(STATE_DIR, 'ray'));
const missing = 'missing' in installed ? installed.missing : undefined;
const folder = mkdtempSync(path.join(STATE_DIR, 'on-ray-'));
let server: MlflowServer;
let ray: Ray;

describe.skipIf(missing !== undefined)(`a training as a job of Ray (${missing ?? 'of one node'})`, () => {
  beforeAll(async () => {
    const python = venvProgram('python');
    server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
    ray = await startRay('bin' in installed ? installed.bin : '');
  });
  afterAll(async () => {
    await ray.stop();
    await server.child.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name: string, command?: string) => {
    const remote = `{ ray: { address: "${ray.address}", cpus: 1 } }`;
    const env = { PATH: `${ray.bin}:/usr/local/bin:/usr/bin:/bin` };
    return startRemote(folder, name, { remote, trackingUri: server.url, command, env });
  };

  test('logs its model from there, and hands on that it was in no box', async () => {
    const { job } = start('trains');
    const { code, outputs } = await job.ended;
    expect(code, job.lines.join('\n')).toBe(0);
    const run = await createMlflow({ uri: server.url }, systemClock).getRun(outputs['run-id'] ?? '');
    expect(run).toMatchObject({ metrics: { scale: 3 }, tags: { 'trainyard.box': 'remote' } });
    expect(Object.values(await ray.jobs())).toEqual(['SUCCEEDED']);
  });

  test('is followed while it is at work, and ends with the words and the failure of the job', async () => {
    const { workspace, job } = start('fails', waitingCommand(path.join(folder, 'fails')));
    await expect.poll(() => job.lines, { timeout: 240_000 }).toContain('at work');
    expect(Object.values(await ray.jobs())).toContain('RUNNING');
    expect(job.lines).not.toContain('went on');
    letGo(workspace);
    const { code } = await job.ended;
    expect(code).toBe(1);
    expect(job.lines.join('\n')).toMatch(/training-failed::The step train failed with exit code 1: went on/);
  });

  test('is ended at the cluster when its job is cancelled', async () => {
    const { workspace, job } = start('cancelled', waitingCommand(path.join(folder, 'cancelled')));
    await expect.poll(() => job.lines, { timeout: 240_000 }).toContain('at work');
    job.cancel();
    const { outputs } = await job.ended;
    expect(outputs['reason-code']).toBe('cancelled');
    await expect.poll(async () => Object.values(await ray.jobs()), { timeout: 60_000 }).toContain('STOPPED');
    await expect.poll(() => findCommands(workspace), { timeout: 30_000 }).toEqual([]);
  });
});
