import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { exec } from '@actions/exec';
import { startTimer } from '../../adapters/clock.ts';
import { commandNotFound, tellLines, toEnd } from '../../adapters/run-command.ts';
import type { CommandEnd, ProgramCall } from '../../core/ports.ts';

/**
 * The toolkit starts a command but gives no hold of it. So a shell says which process it is, on the first line, and becomes the
 * command, as the leader of a group where the machine has `setsid`: git leaves its transports behind when only it is ended. The
 * shell reads the input from a file too: where the toolkit writes it, a command that ends before it has read all is an error
 * that nobody can catch.
 */
const SHELL = [
  'command -v "$1" >/dev/null || exit 127',
  'if command -v setsid >/dev/null; then set -- setsid "$@"; fi',
  'echo "$$"',
  'exec "$@" <"$0"',
].join('\n');
/** How long a command gets between SIGTERM and SIGKILL, in ms. */
const KILL_GRACE_MS = 5_000;
/** How long what a command left behind may hold its output open, in ms. */
const LEFTOVER_MS = 1_000;
/** What the toolkit says when nobody holds a command's output open any more; it says it by no other way. */
const CLOSED = 'STDIO streams have closed';

/** Runs a command by @actions/exec, with what that has not got: a time limit, an abort signal, and input that may go unread. */
export async function execCommand(request: ProgramCall): Promise<CommandEnd> {
  if (request.input === undefined) return follow(request, '/dev/null');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'trainyard-input-'));
  try {
    const file = path.join(folder, 'input');
    await writeFile(file, request.input);
    return await follow(request, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function follow(request: ProgramCall, input: string): Promise<CommandEnd> {
  const [stdout, stderr] = [keep(request), keep(request)];
  const stopper = watch(request);
  let isClosed = false;
  try {
    const code = await exec('sh', ['-c', SHELL, input, request.command, ...request.args], {
      env: definedOf(request.env),
      silent: true,
      ignoreReturnCode: true,
      delay: LEFTOVER_MS,
      ...(request.cwd !== undefined && { cwd: request.cwd }),
      listeners: {
        debug: (message) => {
          isClosed ||= message.startsWith(CLOSED);
        },
        stdout: afterFirstLine((line) => stopper.learn(Number(line)), stdout.hear),
        stderr: stderr.hear,
      },
    });
    const [written, said] = [await stdout.end(), await stderr.end()];
    if (!stopper.hasLearnt()) throw notFound(request, said);
    return toEnd({
      code: code ?? undefined,
      ended: stopper.ended(),
      stdout: written,
      stderr: said,
    });
  } finally {
    stopper.close(isClosed);
  }
}

/** One output of a command: kept whole, and told line by line. `end` gives all of it once the last line was told. */
function keep({ onLine }: ProgramCall) {
  const chunks: Buffer[] = [];
  const output = onLine && new PassThrough();
  const told = output && tellLines(output, onLine);
  return {
    hear: (chunk: Buffer) => {
      chunks.push(chunk);
      // What the command left behind may write on after the end.
      if (output?.writable === true) output.write(chunk);
    },
    end: async () => {
      output?.end();
      await told;
      return Buffer.concat(chunks);
    },
  };
}

type Stopper = {
  /** Takes in which process the command is. */
  readonly learn: (pid: number) => void;
  readonly hasLearnt: () => boolean;
  readonly ended: () => CommandEnd['ended'];
  /** Ends what the command left behind when it was stopped, or when that holds its output open, and with it this process. */
  readonly close: (isClosed: boolean) => void;
};

/** Ends the command when its time is up or its signal aborts, as soon as it is known which process it is. */
function watch({ timeoutMs, signal }: ProgramCall): Stopper {
  let pid: number | undefined;
  let ended: CommandEnd['ended'] = 'exited';
  let force: NodeJS.Timeout | undefined;
  const end = () => {
    if (ended === 'exited' || pid === undefined || force !== undefined) return;
    const targets = [-pid, pid];
    send(targets, 'SIGTERM');
    force = setTimeout(send, KILL_GRACE_MS, targets, 'SIGKILL');
  };
  const stop = (why: CommandEnd['ended']) => {
    ended = why;
    end();
  };
  const callOff = startTimer(timeoutMs, () => stop('timed-out'));
  const abort = () => stop('aborted');
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  return {
    learn: (learnt) => {
      pid = learnt;
      end();
    },
    hasLearnt: () => pid !== undefined,
    ended: () => ended,
    close: (isClosed) => {
      callOff();
      clearTimeout(force);
      signal?.removeEventListener('abort', abort);
      // The group alone: the command has ended, and its number may be another's by now.
      if (pid !== undefined && (ended !== 'exited' || !isClosed)) send([-pid], 'SIGKILL');
    },
  };
}

/** Sends the signal to the first of the targets that there is. */
function send(targets: readonly number[], signal: NodeJS.Signals): void {
  for (const target of targets) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // It leads no group, or has ended by itself.
    }
  }
}

/** Hears an output's chunks: gives its first line once, and what comes after that as it comes. */
function afterFirstLine(
  onFirst: (line: string) => void,
  onRest: (chunk: Buffer) => void,
): (chunk: Buffer) => void {
  let first: Buffer | undefined = Buffer.alloc(0);
  return (chunk) => {
    if (first === undefined) {
      onRest(chunk);
      return;
    }
    first = Buffer.concat([first, chunk]);
    const end = first.indexOf('\n');
    if (end === -1) return;
    const rest = first.subarray(end + 1);
    onFirst(first.subarray(0, end).toString());
    first = undefined;
    onRest(rest);
  };
}

function notFound({ command }: ProgramCall, stderr: Buffer): Error {
  return commandNotFound(command, new Error(stderr.toString('utf8').trim() || 'it is not on PATH'));
}

function definedOf(env: ProgramCall['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
