import { execFileSync, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { KINDS_FOLDER } from './read-kinds.ts';

/** A Python that has its imports behind it (warm_python.py). */
type WarmPython = { readonly python: string; readonly stop: () => void };

/** Starts one in `folder`, which has to be short: a socket lies in it. */
export async function openWarmPython(python: string, folder: string): Promise<WarmPython> {
  const socket = path.join(folder, 'warm.sock');
  const script = path.join(KINDS_FOLDER, 'warm_python.py');
  rmSync(socket, { force: true });
  execFileSync(python, [script, 'make', path.join(folder, 'bin'), socket]);
  const child = spawn(python, [script, 'serve', socket], { stdio: ['ignore', 'ignore', 'inherit'] });
  await waitFor(() => existsSync(socket), 'the warm Python', 120_000);
  return { python: path.join(folder, 'bin', 'python'), stop: () => child.kill() };
}
