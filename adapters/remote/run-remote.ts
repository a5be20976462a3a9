import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ProjectStep } from '../../core/project-port.ts';
import type { Remote } from '../../core/training/remote.ts';
import { type ProcessEnd, runProcess } from '../run-process.ts';
import type { RemoteEngine, RemoteJob } from './engine.ts';
import { createRay } from './ray.ts';
import { createSlurm } from './slurm.ts';

/** How long the program that ends a job may take, in ms. */
const CANCEL_MS = 60_000;

type RemoteRun = {
  readonly remote: Remote;
  readonly command: readonly string[];
  readonly cwd: string;
  /** What the job gets. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the engine's own program gets. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly step: Pick<ProjectStep, 'runId' | 'timeoutSeconds' | 'signal'>;
  readonly onLine: (line: string) => void;
};

/**
 * Runs a step as a job of the engine: what it prints is told as it is printed, its exit code is the job's. When the time is up, the
 * training is called off or nothing says that the job succeeded, it is ended at the cluster, and the command that followed it on the runner.
 */
export async function runRemote(run: RemoteRun): Promise<ProcessEnd> {
  const engine = createEngine(run.remote);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'trainyard-remote-'));
  const { runId, timeoutSeconds, signal } = run.step;
  const name = `trainyard-${runId}-${randomBytes(4).toString('hex')}`;
  const variablesFile = path.join(folder, 'runtime-env.json');
  const job: RemoteJob = { name, command: run.command, cwd: run.cwd, timeoutSeconds, variablesFile };
  let cancelled: Promise<void> | undefined;
  const cancel = () => {
    cancelled ??= endJob(engine, job, run);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const settings = engine.settings?.(job, run.variables);
    if (settings !== undefined) await writeFile(variablesFile, JSON.stringify(settings), { mode: 0o600 });
    const [command, ...args] = engine.submit(job);
    const log = engine.follow(job);
    const onLine = (line: string) => {
      log.onLine(line);
      run.onLine(line);
    };
    const end = await runProcess({
      ...{ command, args, cwd: run.cwd, env: run.env, onLine },
      timeoutMs: timeoutSeconds * 1_000,
      ...(signal && { signal }),
    });
    const code = log.codeOf(end.code);
    // Whatever ended the program here: what it followed may go on.
    if (end.ended !== 'exited' || code !== 0) cancel();
    return { ...end, code };
  } finally {
    signal?.removeEventListener('abort', cancel);
    await cancelled;
    await rm(folder, { recursive: true, force: true });
  }
}

function createEngine(remote: Remote): RemoteEngine {
  return remote.kind === 'slurm' ? createSlurm(remote) : createRay(remote);
}

async function endJob(engine: RemoteEngine, job: RemoteJob, { cwd, env, onLine }: RemoteRun): Promise<void> {
  const [command, ...args] = engine.cancel(job);
  const end = await runProcess({ command, args, cwd, env, timeoutMs: CANCEL_MS });
  if (end.code === 0) return;
  const said = [...end.stdout, ...end.stderr].findLast((line) => line.trim() !== '') ?? 'it said nothing';
  onLine(`${command} could not end the job ${job.name}, which may be over already: ${said}`);
}
