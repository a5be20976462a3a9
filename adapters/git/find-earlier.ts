import { mkdir } from 'node:fs/promises';
import type { RunCommand } from '../../core/ports.ts';
import { runCommand } from '../run-command.ts';
import { GitFailure } from './failure.ts';
import { type GitOutcome, type GitSetting, linesOf, runGit } from './run.ts';

/** So far back is looked, in commits of the branch and of the file. */
const MOST_COMMITS = 200;
const MOST_TEXTS = 20;
const TIMEOUT_MS = 60_000;
const BRANCH = 'refs/heads/default';

/** A repository whose default branch is looked into, and a folder to do it in. */
type Past = {
  readonly remote: string;
  readonly auth: readonly GitSetting[];
  readonly folder: string;
  readonly run?: RunCommand;
};

/**
 * The newest text of a file on the default branch of which `accept` makes something, and the commit it is of; `undefined` where there is
 * none among the last. Rejects with a GitFailure when the remote can't be asked. Contents are fetched one by one where the remote can.
 */
export async function findEarlier<T>(
  past: Past,
  file: string,
  accept: (text: string) => T | undefined,
): Promise<{ readonly commit: string; readonly value: T } | undefined> {
  await mkdir(past.folder, { recursive: true });
  const { run = runCommand } = past;
  must(
    'init',
    await runGit({ args: ['init', '--quiet', '--bare', past.folder], timeoutMs: TIMEOUT_MS }, run),
  );
  const fetched = ['fetch', '--quiet', '--no-tags', `--depth=${MOST_COMMITS}`, '--filter=blob:none'];
  must('fetch', await git(past, [...fetched, past.remote, `+HEAD:${BRANCH}`]));
  const listed = must('log', await git(past, ['log', '--format=%H', `-${MOST_TEXTS}`, BRANCH, '--', file]));
  for (const commit of linesOf(listed)) {
    const shown = await git(past, ['show', `${commit}:${file}`]);
    const value = shown.code === 0 ? accept(shown.stdout.toString('utf8')) : undefined;
    if (value !== undefined) return { commit, value };
  }
  return undefined;
}

function git({ folder, auth, run = runCommand }: Past, args: readonly string[]): Promise<GitOutcome> {
  return runGit({ repository: folder, args, timeoutMs: TIMEOUT_MS, settings: auth }, run);
}

function must(command: string, outcome: GitOutcome): GitOutcome {
  if (outcome.code !== 0) throw new GitFailure(command, outcome);
  return outcome;
}
