import { familyOf } from './family-of.ts';

/** Kills a process and all that descend from it, also those in groups and sessions of their own. */
export function killTree(pid: number): void {
  for (const one of familyOf(pid)) kill(one);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
