import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ROOT } from '../../sandbox/checkout.ts';
import { median } from './figures.ts';

/** Milliseconds from starting an action to its first decision (it refuses an empty hand-over), and of `node -e 0`, as medians of so many starts. */
export function timeStartUp(count: number): { readonly action: number; readonly node: number } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bench-'));
  const action = path.join(ROOT, 'actions', 'dist', 'register.mjs');
  try {
    const pairs = Array.from({ length: count + 1 }, () => ({
      action: timeNode([action], folder),
      node: timeNode(['-e', '0'], folder),
    }));
    // The first pair reads the files from the disk.
    const warm = pairs.slice(1);
    return { action: median(warm.map((pair) => pair.action)), node: median(warm.map((pair) => pair.node)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeNode(args: readonly string[], folder: string): number {
  const started = performance.now();
  const { error } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], GITHUB_WORKSPACE: folder },
    stdio: 'ignore',
    timeout: 30_000,
  });
  if (error !== undefined) throw error;
  return performance.now() - started;
}
