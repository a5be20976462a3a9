import { execFileSync } from 'node:child_process';

/** This process and all that descend from it now, parents before their children, also those in groups and sessions of their own. */
export function familyOf(pid: number): readonly number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const children = Map.groupBy(
    lines.map((line) => line.trim().split(/\s+/).map(Number)),
    ([, parent]) => parent,
  );
  const family = [pid];
  // The list grows while it is walked: children of children come after them.
  for (const parent of family) {
    family.push(...(children.get(parent) ?? []).map(([child]) => child ?? 0).filter((child) => child > 1));
  }
  return family;
}
