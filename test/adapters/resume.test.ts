import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import type { Tracking } from '../../core/ports.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { findCommands } from './support/find-commands.ts';
import type { TrainJob } from './support/train-job.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-resume-'));
const NOBODY = 65534;
const JOB = path.join(import.meta.dirname, 'support', 'train-job.ts');
let server: MlflowServer;
let tracking: Tracking;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  server = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
  tracking = createMlflow({ uri: server.url }, systemClock);
}, 180_000);
afterAll(async () => {
  await server.child.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** A machine with its own workspace and temporary folder, of a user of its own where this one can make others. */
type Runner = { readonly workspace: string; readonly temp: string; readonly uid?: number };

function createRunner(name: string, uid?: number): Runner {
  const [workspace, temp] = [path.join(folder, name, 'work'), path.join(folder, name, 'temp')];
  for (const place of [workspace, temp]) mkdirSync(place, { recursive: true });
  cpSync(path.join(ROOT, 'test', 'fixtures', 'projects', 'resumes'), workspace, { recursive: true });
  for (const place of [workspace, temp]) chmodSync(place, 0o777);
  return { workspace, temp, ...(uid !== undefined && canRun(uid) && { uid }) };
}

/** Whether that user can be made here, and can start the Python of the tests: it may lie in a home that is closed to others. */
function canRun(uid: number): boolean {
  if (process.getuid?.() !== 0) return false;
  return spawnSync(venvProgram('python'), ['-c', ''], { uid, gid: uid }).status === 0;
}

type Started = {
  readonly child: ChildProcess;
  readonly said: () => string;
  /** Its exit status. It may have ended long before anybody asks. */
  readonly ended: Promise<number | null>;
};

function start(
  { uid, ...places }: Runner,
  job: Omit<TrainJob, 'workspace' | 'temp' | 'trackingUri'>,
): Started {
  const said: string[] = [];
  const given: TrainJob = { ...places, trackingUri: server.url, ...job };
  const child = spawn(process.execPath, [JOB, JSON.stringify(given)], {
    cwd: places.temp,
    env: { PATH: process.env['PATH'], HOME: places.temp, TMPDIR: places.temp, OMP_NUM_THREADS: '1' },
    ...(uid !== undefined && { uid, gid: uid }),
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)));
  const ended = once(child, 'close').then(() => child.exitCode);
  return { child, said: () => said.join(''), ended };
}

const outcomeSchema = z.object({ reasonCode: z.string(), runId: z.string() });

async function finish({ ended, said }: Started) {
  const code = await ended;
  const last = said().trim().split('\n').at(-1) ?? '';
  if (code !== 0) throw new Error(said());
  return outcomeSchema.parse(JSON.parse(last));
}

async function until(what: string, { child, said }: Started, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    if (child.exitCode !== null) throw new Error(`It ended before ${what}: ${said()}`);
    await systemClock.wait(100);
  }
}

/** Loses the runner with all that runs on it: nothing of the job hears of it. */
async function lose({ child, ended }: Started): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

async function runsOf(correlationId: string) {
  const tags = { 'trainyard.correlation-id': correlationId, 'trainyard.step': 'train' };
  return tracking.findRuns('resumes', tags);
}

/** The losses of a run by their steps, as MLflow has them. */
async function lossesOf(runId: string): Promise<readonly (readonly [number, number])[]> {
  const url = `${server.url}/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss`;
  const answer = z.object({ metrics: z.array(z.object({ step: z.coerce.number(), value: z.number() })) });
  const { metrics } = answer.parse(await (await fetch(url)).json());
  return metrics.map(({ step, value }) => [step, value] as const);
}

describe('a training whose runner is lost', () => {
  test('three times, once for another machine and user, comes to the weights of one that was left alone', async () => {
    const alone = start(createRunner('alone'), { correlationId: 'alone', holder: { round: 0, attempt: 1 } });
    const first = createRunner('first');
    const attempts = [
      [first, { round: 0, attempt: 1 }],
      [first, { round: 0, attempt: 2 }],
      [createRunner('other', NOBODY), { round: 1, attempt: 1 }],
    ] as const;
    let kept: string | undefined;
    for (const [runner, holder] of attempts) {
      const job = start(runner, { correlationId: 'lost', holder });
      const before = kept;
      await until('a checkpoint was kept', job, async () => {
        kept = (await runsOf('lost'))[0]?.tags['trainyard.checkpoint'];
        return kept !== before;
      });
      await lose(job);
      const own = path.join(runner.temp, 'trainyard-checkpoints');
      await waitFor(
        async () => (await findCommands(own)).length === 0,
        'the training to end with its job',
        15_000,
      );
    }
    const outcome = await finish(
      start(createRunner('last'), { correlationId: 'lost', holder: { round: 1, attempt: 2 } }),
    );
    const left = await finish(alone);
    expect(outcome.reasonCode).toBe('trained');
    const [run, ...others] = await runsOf('lost');
    expect(others).toEqual([]);
    expect(run).toMatchObject({ runId: outcome.runId, status: 'FINISHED' });
    const losses = await lossesOf(outcome.runId);
    expect(losses.map(([step]) => step)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    expect(losses).toEqual(await lossesOf(left.runId));
    expect(run?.tags['weights']).toBe((await tracking.getRun(left.runId)).tags['weights']);
    expect(run?.tags['weights']).toMatch(/^[0-9a-f]{64}$/);
  }, 480_000);
});
