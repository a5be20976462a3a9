import type { RunCommand } from '../../core/ports.ts';
import { runGit } from './run.ts';

const TIMEOUT_MS = 10_000;
const SHA = /^[0-9a-f]{40,64}$/;

/** The commit that a checkout is at; `undefined` when the folder is no checkout, or has no commit yet. */
export async function findCommit(checkout: string, run?: RunCommand): Promise<string | undefined> {
  const args = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
  const found = await runGit({ folder: checkout, args, timeoutMs: TIMEOUT_MS }, run);
  const commit = found.stdout.toString('utf8').trim();
  return found.code === 0 && SHA.test(commit) ? commit : undefined;
}
