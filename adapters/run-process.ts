import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { startTimer } from './clock.ts';
import { cutLines } from './cut-lines.ts';
import { commandNotFound } from './run-command.ts';

/** How long a process group gets between SIGTERM and SIGKILL, in ms. */
const KILL_GRACE_MS = 10_000;
/** How long the output of a command that has ended may be held open by what it has left behind, in ms. */
const PIPE_GRACE_MS = 1_000;
/** How many of the last lines of each stream are kept. */
const TAIL_LINES = 200;

type ProcessRequest = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
};

type SpawnedChild = Pick<ChildProcess, 'pid'> & { readonly stdout: Readable; readonly stderr: Readable };

/** How a process ended: its exit code (`undefined` when it was killed), and the last lines of what it wrote, none of them endless. */
export type ProcessEnd = {
  readonly code: number | undefined;
  readonly ended: 'exited' | 'timed-out' | 'aborted' | 'killed';
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
};

/**
 * Runs a command in a process group of its own and waits for its end; when time is up or `signal` aborts, the whole group is
 * ended. A non-zero exit is an answer, not a throw; a command that can't be started is a UserError.
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  const { command, args, cwd, env } = request;
  const child = spawn(command, [...args], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = follow(child.stdout, (line) => request.onLine?.(line, 'stdout'));
  const stderr = follow(child.stderr, (line) => request.onLine?.(line, 'stderr'));
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  child.once('error', (error) => reject(commandNotFound(command, error)));
  child.once('close', (code) => resolve(code ?? undefined));
  child.once('exit', (code) => void leave(child).then(() => resolve(code ?? undefined)));
  let ended: ProcessEnd['ended'] = 'exited';
  const stop = (why: ProcessEnd['ended']) => {
    ended = why;
    endGroup(child);
  };
  const { timeoutMs } = request;
  const callOff = timeoutMs === undefined ? undefined : startTimer(timeoutMs, () => stop('timed-out'));
  const abort = () => stop('aborted');
  request.signal?.addEventListener('abort', abort, { once: true });
  if (request.signal?.aborted === true) abort();
  try {
    const code = await promise;
    return { code, ended: ended === 'exited' && code === undefined ? 'killed' : ended, stdout, stderr };
  } finally {
    callOff?.();
    request.signal?.removeEventListener('abort', abort);
  }
}

function follow(stream: Readable, onLine: (line: string) => void): readonly string[] {
  const tail: string[] = [];
  const { add, end } = cutLines((line) => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    onLine(line);
  });
  stream.setEncoding('utf8').on('data', add).once('end', end);
  return tail;
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const force = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_GRACE_MS);
  child.once('exit', () => clearTimeout(force));
}

/** Waits a little for the last of the output of a command that has ended; then ends what holds it open, and hears no more of it. */
async function leave(child: SpawnedChild): Promise<void> {
  await wait(PIPE_GRACE_MS, undefined, { ref: false });
  if (child.stdout.closed && child.stderr.closed) return;
  signalGroup(child, 'SIGKILL');
  for (const stream of [child.stdout, child.stderr]) stream.destroy();
}

function signalGroup({ pid }: Pick<ChildProcess, 'pid'>, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
