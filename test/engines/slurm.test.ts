import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { findCommands } from '../adapters/support/find-commands.ts';
import { letGo, startRemote, waitingCommand } from './support/remote-project.ts';
import { type Slurm, startSlurm, whyNoSlurm } from './support/start-slurm.ts';

const missing = whyNoSlurm();
const folder = mkdtempSync(path.join(STATE_DIR, 'slurm-'));
const REMOTE = '{ slurm: { partition: main, cpus: 1, memory: 1GB } }';
let server: MlflowServer;
let slurm: Slurm;

describe.skipIf(missing !== undefined)(`a training as a job of Slurm (${missing ?? 'of one node'})`, () => {
  beforeAll(async () => {
    const python = venvProgram('python');
    server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
    slurm = await startSlurm();
  });
  afterAll(async () => {
    await slurm.stop();
    await server.child.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name: string, command?: string) =>
    startRemote(folder, name, {
      ...{ remote: REMOTE, trackingUri: server.url, command },
      env: slurm.variables,
    });

  test('logs its model from there, and hands on that it was in no box', async () => {
    const { job } = start('trains');
    const { code, outputs } = await job.ended;
    const said = job.lines.join('\n');
    expect(code, said).toBe(0);
    const run = await createMlflow({ uri: server.url }, systemClock).getRun(outputs['run-id'] ?? '');
    expect(run).toMatchObject({ metrics: { scale: 3 }, tags: { 'trainyard.box': 'remote' } });
    expect(slurm.jobs()).toEqual([]);
  });

  test('is followed while it is at work, and ends with the words and the failure of the job', async () => {
    const { workspace, job } = start('fails', waitingCommand(path.join(folder, 'fails')));
    await expect.poll(() => job.lines, { timeout: 120_000 }).toContain('at work');
    expect(slurm.jobs()).toMatchObject([expect.stringMatching(/^trainyard-[0-9a-f]{32}-/)]);
    expect(job.lines).not.toContain('went on');
    letGo(workspace);
    const { code } = await job.ended;
    expect(code).toBe(1);
    expect(job.lines.join('\n')).toMatch(/training-failed::The step train failed with exit code 1: went on/);
  });

  test('is ended at the cluster when its job is cancelled', async () => {
    const { workspace, job } = start('cancelled', waitingCommand(path.join(folder, 'cancelled')));
    await expect.poll(() => job.lines, { timeout: 120_000 }).toContain('at work');
    job.cancel();
    const { outputs } = await job.ended;
    expect(outputs['reason-code']).toBe('cancelled');
    await expect.poll(() => slurm.jobs(), { timeout: 30_000 }).toEqual([]);
    expect(await findCommands(workspace)).toEqual([]);
  });
});
