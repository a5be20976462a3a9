import { spawn } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ModelUser } from '../../options/model-user.ts';

/** How often an ending process is looked at, in ms. */
const STOP_POLL_MS = 50;
/** A process that is killed ends at once unless the kernel holds it, in the middle of a driver's call, say (state D), in ms. */
const KILL_GRACE_MS = 5_000;
/** A log is begun anew, and appended to: cut short while it is written, it goes on from its new end. */
const NEW_LOG = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;
/** Environment variable that marks a process as ours, so that one whose pid was never written down is found again. */
const OWNER_VARIABLE = 'TRAINYARD_OWNER';

/** One process for ever: a pid may be reused, a pid with its start time (clock ticks since boot) may not. */
export const processHandleSchema = z.strictObject({
  pid: z.int().positive(),
  startTicks: z.string(),
});
export type ProcessHandle = z.infer<typeof processHandleSchema>;

export type SpawnRequest = {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Takes standard output and error; emptied first. */
  readonly logFile: string;
  /** Who it runs as; the agent's own user when absent. */
  readonly user?: ModelUser | undefined;
  /** Unique name of what this process is; a process that carries it is adopted instead of a second one started. */
  readonly owner: string;
};

/**
 * Starts a process in its own session, so that it outlives the agent, or adopts the one that already carries the owner's
 * name: an agent killed between starting a process and writing its pid down finds it here. Rejects when it can't be run.
 */
export async function spawnOrAdopt(request: SpawnRequest): Promise<ProcessHandle> {
  const running = findOwned(request.owner);
  if (running !== undefined) return running;
  const [command, ...rest] = request.argv;
  const log = openSync(request.logFile, NEW_LOG, 0o600);
  try {
    const child = spawn(command, rest, {
      cwd: request.cwd,
      ...request.user,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...request.env, [OWNER_VARIABLE]: request.owner },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    return { pid, startTicks: readStat(pid)?.startTicks ?? 'ended' };
  } finally {
    closeSync(log);
  }
}

/** Whether this very process still runs; one that has ended and waits to be reaped does not. */
export function isRunning(handle: ProcessHandle): boolean {
  const stat = readStat(handle.pid);
  return stat !== undefined && stat.startTicks === handle.startTicks && stat.state !== 'Z';
}

/**
 * Asks every process of the handle's session to end, and ends those that are left after `graceMs`. Gives those that the kernel
 * holds all the same: nobody can end them, and waiting for them would be for ever.
 */
export async function stopSession(handle: ProcessHandle, graceMs: number): Promise<readonly ProcessHandle[]> {
  if (!isRunning(handle)) return [];
  const members = sessionMembers(handle.pid);
  signalAll(members, 'SIGTERM');
  await awaitEnd(members, graceMs);
  signalAll(members, 'SIGKILL');
  await awaitEnd(members, KILL_GRACE_MS);
  return members.filter(isRunning);
}

async function awaitEnd(members: readonly ProcessHandle[], forMs: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < forMs && members.some(isRunning); waitedMs += STOP_POLL_MS) {
    await sleep(STOP_POLL_MS);
  }
}

/** Leaders of sessions started by `spawnOrAdopt` whose owner begins with `prefix`. */
export function listOwned(
  prefix: string,
): readonly { readonly owner: string; readonly handle: ProcessHandle }[] {
  return allStats().flatMap((stat) => {
    if (stat.session !== stat.handle.pid || stat.state === 'Z') return [];
    const owner = ownerOf(stat.handle.pid);
    return owner?.startsWith(prefix) ? [{ owner, handle: stat.handle }] : [];
  });
}

function findOwned(owner: string): ProcessHandle | undefined {
  return listOwned(owner).find((owned) => owned.owner === owner)?.handle;
}

/** The name that `spawnOrAdopt` gave a process; `undefined` when it is none of an agent's, or another user's. */
export function ownerOf(pid: number): string | undefined {
  const prefix = `${OWNER_VARIABLE}=`;
  const environment = readProc(`/proc/${pid}/environ`);
  return environment
    ?.split('\0')
    .find((line) => line.startsWith(prefix))
    ?.slice(prefix.length);
}

/** Pids of the handle's session, where it runs. */
export function listSession(handle: ProcessHandle): readonly number[] {
  return isRunning(handle) ? sessionMembers(handle.pid).map(({ pid }) => pid) : [];
}

function sessionMembers(session: number): readonly ProcessHandle[] {
  return allStats()
    .filter((stat) => stat.session === session)
    .map(({ handle }) => handle);
}

function signalAll(handles: readonly ProcessHandle[], signal: NodeJS.Signals): void {
  for (const handle of handles) {
    if (!isRunning(handle)) continue;
    try {
      process.kill(handle.pid, signal);
    } catch {
      // It ended between the look and the signal, which is what was wanted.
    }
  }
}

type Stat = {
  readonly handle: ProcessHandle;
  readonly startTicks: string;
  readonly state: string;
  readonly session: number;
};

function allStats(): readonly Stat[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    return stat === undefined ? [] : [stat];
  });
}

/** Fields of proc(5)'s `/proc/[pid]/stat`: state (3), session (6), starttime (22). */
function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  // The command (field 2) is in parentheses and may hold spaces and parentheses itself.
  const fields = text
    ?.slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const [state, startTicks] = [fields?.[0], fields?.[19]];
  if (fields === undefined || state === undefined || startTicks === undefined) return undefined;
  return {
    handle: { pid, startTicks },
    startTicks,
    state,
    session: Number(fields[3]),
  };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
