import { spawn } from 'node:child_process';
import { TICK_SECONDS } from './two-versions.ts';

/** Its process, and what ends it. */
type BareTimer = { readonly pid: () => number; readonly stop: () => void };

/** An engine that wakes as often as the agent and does nothing: what a tick costs at least, on this machine and beside what else runs on it. */
export function startBareTimer(): BareTimer {
  const code = `setInterval(() => undefined, ${1_000 * TICK_SECONDS})`;
  const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
  return {
    pid: () => {
      if (child.pid === undefined) throw new Error(`${process.execPath} can't be started`);
      return child.pid;
    },
    stop: () => void child.kill(),
  };
}
