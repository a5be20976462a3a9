import { execFileSync } from 'node:child_process';

/** Kills a process and all that descend from it, also those in groups and sessions of their own. */
export function killTree(pid: number): void {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const children = Map.groupBy(
    lines.map((line) => line.trim().split(/\s+/).map(Number)),
    ([, parent]) => parent,
  );
  const doomed = [pid];
  // The list grows while it is walked: children of children come after them.
  for (const parent of doomed) {
    doomed.push(...(children.get(parent) ?? []).map(([child]) => child ?? 0).filter((child) => child > 1));
  }
  for (const one of doomed) kill(one);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
