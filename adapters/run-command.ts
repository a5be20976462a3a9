import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { messageOf, UserError } from '../core/errors.ts';
import type { CommandEnd, RunCommand } from '../core/ports.ts';
import { startTimer } from './clock.ts';

/** Runs commands in process groups of their own, each ended as a whole when its time is up. */
export const runCommand: RunCommand = async (request) => {
  const { command, args, cwd, env, timeoutMs, signal } = request;
  const child = spawn(command, [...args], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  if (request.onLine !== undefined) {
    for (const stream of [child.stdout, child.stderr]) void tellLines(stream, request.onLine);
  }
  child.stdin.on('error', () => {
    // A command may end before it has read its input; its exit code says what happened.
  });
  const closed = Promise.withResolvers<number | undefined>();
  child.once('error', (error) => closed.reject(commandNotFound(command, error)));
  child.once('close', (code) => closed.resolve(code ?? undefined));
  let ended: CommandEnd['ended'] = 'exited';
  const stop = (why: CommandEnd['ended']) => {
    ended = why;
    killGroup(child.pid);
  };
  const callOff = startTimer(timeoutMs, () => stop('timed-out'));
  const abort = () => stop('aborted');
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  child.stdin.end(request.input ?? '');
  try {
    const code = await closed.promise;
    return toEnd({ code, ended, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
  } finally {
    callOff();
    signal?.removeEventListener('abort', abort);
  }
};

/** How a command ended, from the code it exited with, if it did, and from who stopped it, if anyone. */
export function toEnd(seen: {
  readonly code: number | undefined;
  readonly ended: CommandEnd['ended'];
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}): CommandEnd {
  const { code, stdout } = seen;
  const ended = seen.ended === 'exited' && code === undefined ? 'killed' : seen.ended;
  const stderr = Buffer.from(seen.stderr).toString('utf8');
  return { code: ended === 'exited' ? code : undefined, ended, stdout, stderr };
}

/** The lines of what a command wrote. */
export function linesOf(written: string | Uint8Array): readonly string[] {
  const text = typeof written === 'string' ? written : Buffer.from(written).toString('utf8');
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
}

/** Tells each line of what a command writes while it writes it; done when the last one was told. */
export async function tellLines(input: NodeJS.ReadableStream, onLine: (line: string) => void): Promise<void> {
  await once(createInterface({ input }).on('line', onLine), 'close');
}

/** The error for a command that this machine has not got. */
export function commandNotFound(command: string, cause: Error): UserError {
  return new UserError(
    [
      {
        code: 'command-not-found',
        message: `${command} can't be started (${messageOf(cause)}).`,
        remedy: 'Install it on the runner, or name the right one in the action’s inputs.',
      },
    ],
    { cause },
  );
}

/** Helpers of a command (git's transports) stay behind when only the command is killed. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}
