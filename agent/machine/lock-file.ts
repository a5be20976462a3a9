import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { err, ok, type Result } from '../../core/result.ts';

/** Why nothing was done: another has the lock, or none can be made. */
type Locked =
  | { readonly kind: 'held'; readonly lock: string }
  | { readonly kind: 'failed'; readonly cause: unknown };

/**
 * Does a work that no two processes may do at once, with a lock beside the file that it is about: `<file>.lock`, which names its holder. The
 * lock of a process that was killed is taken over. Where another has it, or none can be made, nothing is done. Throws what the work throws.
 */
export function withLock<T>(file: string, work: () => T): Result<T, Locked> {
  const lock = `${file}.lock`;
  try {
    if (!claim(lock) && !(dropStale(lock) && claim(lock))) return err({ kind: 'held', lock });
  } catch (cause) {
    return err({ kind: 'failed', cause });
  }
  try {
    return ok(work());
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Whether it is ours now. */
function claim(lock: string): boolean {
  try {
    const descriptor = openSync(lock, 'wx', 0o600);
    try {
      // Another machine with the same folder has processes of its own.
      writeFileSync(descriptor, `${process.pid} ${hostname()}`);
    } catch (cause) {
      rmSync(lock);
      throw cause;
    } finally {
      closeSync(descriptor);
    }
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/**
 * Whether the lock of a process that is gone was taken away: by one at a time, or the second would take away the lock of the first. Nobody is
 * known to be gone of whom nothing is written yet, or who is on another machine.
 */
function dropStale(lock: string): boolean {
  const holder = readHolder(lock);
  if (holder === undefined) return true;
  const [pid = '', host] = holder.split(' ');
  if (host !== hostname() || !isGone(pid)) return false;
  const broom = `${lock}.${pid}`;
  if (!claim(broom)) return false;
  try {
    if (readHolder(lock) !== holder) return false;
    rmSync(lock);
    return true;
  } finally {
    rmSync(broom, { force: true });
  }
}

function readHolder(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

function isGone(pid: string): boolean {
  if (!/^[1-9]\d*$/.test(pid)) return false;
  // What this process holds it does not ask for again: the lock is one of an earlier process of its number.
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (thrown) {
    return codeOf(thrown) === 'ESRCH';
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
}
