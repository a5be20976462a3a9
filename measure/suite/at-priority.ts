import { spawnSync } from 'node:child_process';

/** A program and its arguments. */
type Program = { readonly command: string; readonly args: readonly string[] };

/** How much of the processors a program gets where others want them too. */
export type Priority = 'usual' | 'low' | 'idle';

/** A third of what others get: slower beside them, and no limit of a test's time is near. */
const LOW = ['nice', '-n', '5'] as const;
/** Linux's scheduling class for what gets only what everything else leaves; `nice` alone leaves it a little more. */
const IDLE_CLASS = ['chrt', '--idle', '0'] as const;

/** The same program at this priority: `idle` is as little as this machine lets it take beside others. */
export function atPriority(priority: Priority, { command, args }: Program): Program {
  const [program = command, ...more] = [...prefixOf(priority), command, ...args];
  return { command: program, args: more };
}

function prefixOf(priority: Priority): readonly string[] {
  if (priority === 'usual') return [];
  if (priority === 'low') return LOW;
  const [chrt, ...options] = IDLE_CLASS;
  const isKnown = spawnSync(chrt, [...options, 'true'], { stdio: 'ignore' }).status === 0;
  return ['nice', '-n', '19', ...(isKnown ? IDLE_CLASS : [])];
}
