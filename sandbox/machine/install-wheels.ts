import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { venvProgram } from '../checkout.ts';

const INSTALL_MS = 400_000;
/** Says what was installed whole: what was left by an installation that was ended is installed anew. */
const DONE = 'installed.txt';

/** Where the programs of an environment lie, or why it can't be had. */
export type Installed = { readonly bin: string } | { readonly missing: string };

/**
 * A Python environment of its own at `place` with these packages (`name==version`), from the index that pip knows; as it is, where it was
 * made with the same ones before.
 */
export function installWheels(place: string, packages: readonly string[]): Installed {
  const [bin, done, wanted] = [path.join(place, 'bin'), path.join(place, DONE), packages.join('\n')];
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return { bin };
  const run = (command: string, args: readonly string[]) =>
    spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_MS });
  const made = run(venvProgram('python'), ['-m', 'venv', '--clear', place]);
  if (made.status !== 0) return { missing: `no environment can be made: ${lastLine(made)}` };
  const installed = run(path.join(bin, 'python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  if (installed.status !== 0) {
    return { missing: `no index of packages gives ${packages.join(', ')}: ${lastLine(installed)}` };
  }
  writeFileSync(done, wanted);
  return { bin };
}

/** Why a command failed: what it said last, or that it could not be started. */
function lastLine({ error, stderr }: SpawnSyncReturns<string>): string {
  return error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
}
