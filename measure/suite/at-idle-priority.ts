import { spawnSync } from 'node:child_process';

/** A program and its arguments. */
type Program = { readonly command: string; readonly args: readonly string[] };

/** Linux's scheduling class for what gets only what everything else leaves; `nice` alone leaves it a little more. */
const IDLE_CLASS = ['chrt', '--idle', '0'] as const;

/** The same program, on what others leave of the processors: as little as this machine lets it take beside them. */
export function atIdlePriority({ command, args }: Program): Program {
  const [chrt, ...options] = IDLE_CLASS;
  const isKnown = spawnSync(chrt, [...options, 'true'], { stdio: 'ignore' }).status === 0;
  return { command: 'nice', args: ['-n', '19', ...(isKnown ? IDLE_CLASS : []), command, ...args] };
}
