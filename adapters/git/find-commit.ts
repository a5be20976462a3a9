import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { RunCommand } from '../../core/ports.ts';
import { runGit } from './run.ts';

const TIMEOUT_MS = 10_000;
const SHA = /^[0-9a-f]{40,64}$/;

/**
 * Whether a file of a checkout belongs to its commit, as it is there. What lies elsewhere does not, nor does what a link of the commit leads
 * to there, nor what something has written over since.
 */
export async function isOfCommit(checkout: string, file: string, run?: RunCommand): Promise<boolean> {
  const [folder, target] = await Promise.all([realpath(checkout), realpath(path.resolve(checkout, file))]);
  const inside = path.relative(folder, target);
  if (inside.startsWith('..') || path.isAbsolute(inside)) return false;
  const asks = [
    ['ls-files', '--error-unmatch', '--', inside],
    ['diff', '--quiet', 'HEAD', '--', inside],
  ];
  for (const args of asks) {
    if ((await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run)).code !== 0) return false;
  }
  return true;
}

/** The commit that a checkout is at; `undefined` when the folder is no checkout, or has no commit yet. */
export async function findCommit(checkout: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  const found = await runGit({ folder: checkout, args, timeoutMs: TIMEOUT_MS }, run);
  const commit = found.stdout.toString('utf8').trim();
  return found.code === 0 && SHA.test(commit) ? commit : undefined;
}

/** The files of the commit that are not as it has them; none where git can't say. */
export async function listChanged(checkout: string, run?: RunCommand): Promise<readonly string[]> {
  const args = ['diff', '--name-only', '-z', 'HEAD'];
  const found = await runGit({ folder: checkout, args, timeoutMs: TIMEOUT_MS }, run);
  if (found.code !== 0) return [];
  return found.stdout
    .toString('utf8')
    .split('\0')
    .filter((file) => file !== '');
}
