import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from './wait-for.ts';

export type Child = {
  readonly pid: number;
  readonly log: string;
  /** SIGTERM to its process group, then SIGKILL after `graceMs`. Resolves when it has ended. */
  readonly stop: (graceMs?: number) => Promise<void>;
  /** Signals its process group, SIGKILL unless told; what it started in sessions of their own lives on. Resolves when it has ended. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** Whether it still runs. */
  readonly alive: () => boolean;
};

type ChildRequest = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: string;
  readonly ready: () => Promise<boolean>;
  readonly timeoutMs: number;
};

/** Starts a process in a session of its own and waits until it is ready; throws with the end of its log if it never is. */
export async function startChild(request: ChildRequest): Promise<Child> {
  mkdirSync(path.dirname(request.log), { recursive: true });
  const log = openSync(request.log, 'a');
  const child = spawn(request.command, [...request.args], {
    cwd: request.cwd,
    env: { ...request.env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = Promise.withResolvers<void>();
  let alive = true;
  const finish = (): void => {
    alive = false;
    ended.resolve();
  };
  child.once('exit', finish);
  child.once('error', finish);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${request.command} can't be started`);
  const signal = (name: NodeJS.Signals): void => {
    if (alive) process.kill(-pid, name);
  };
  const started: Child = {
    pid,
    log: request.log,
    alive: () => alive,
    kill: async (name = 'SIGKILL') => {
      signal(name);
      await ended.promise;
    },
    stop: async (graceMs = 10_000) => {
      signal('SIGTERM');
      const timer = setTimeout(signal, graceMs, 'SIGKILL');
      await ended.promise;
      clearTimeout(timer);
    },
  };
  try {
    await waitFor(async () => !alive || request.ready(), `${request.command} to be ready`, request.timeoutMs);
    if (!alive) throw new Error(`${request.command} ended before it was ready`);
  } catch (error) {
    await started.kill();
    const tail = readFileSync(request.log, 'utf8').split('\n').slice(-30).join('\n');
    throw new Error(`${String(error)}\n${tail}`, { cause: error });
  }
  return started;
}

/** Whether a GET answers with 2xx within two seconds. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
