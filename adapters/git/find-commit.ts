import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { RunCommand } from '../../core/ports.ts';
import { runGit } from './run.ts';

const TIMEOUT_MS = 10_000;
const SHA = /^[0-9a-f]{40,64}$/;

/** Whether a file of a checkout belongs to its commit. What lies elsewhere does not, nor does what a link of the commit leads to there. */
export async function isOfCommit(checkout: string, file: string, run?: RunCommand): Promise<boolean> {
  const [folder, target] = await Promise.all([realpath(checkout), realpath(path.resolve(checkout, file))]);
  const inside = path.relative(folder, target);
  if (inside.startsWith('..') || path.isAbsolute(inside)) return false;
  const args = ['ls-files', '--error-unmatch', '--', inside];
  return (await runGit({ folder, args, timeoutMs: TIMEOUT_MS }, run)).code === 0;
}

/** The commit that a checkout is at; `undefined` when the folder is no checkout, or has no commit yet. */
export async function findCommit(checkout: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  const found = await runGit({ folder: checkout, args, timeoutMs: TIMEOUT_MS }, run);
  const commit = found.stdout.toString('utf8').trim();
  return found.code === 0 && SHA.test(commit) ? commit : undefined;
}
