import { LEDGER_BRANCH } from '../../core/names.ts';
import { GitFailure } from './failure.ts';
import type { LedgerRepository } from './repository.ts';
import { type GitOutcome, type GitSetting, runGit } from './run.ts';

const REF = `refs/heads/${LEDGER_BRANCH}`;
const CHANGE = /^:\d+ \d+ (?<before>[0-9a-f]+) (?<after>[0-9a-f]+) (?<status>[A-Z])\d*\t(?<path>.+)$/;
const NO_BLOB = /^0+$/;

/** A commit that did something else to the ledger's files than append to one of them. */
type HistoryBreak = { readonly commit: string; readonly path: string; readonly message: string };

/**
 * Goes through every commit of the ledger branch and names those that changed, removed or inserted lines under `events/`. Fetches the
 * whole history of the branch.
 */
export async function findHistoryBreaks(repository: LedgerRepository): Promise<readonly HistoryBreak[]> {
  await fetchHistory(repository);
  const format = ['--format=%H', '--raw', '--no-abbrev', '--no-renames', '-m', '--first-parent', '--root'];
  const log = await must(repository, ['log', '--reverse', ...format, REF, '--', 'events/']);
  const breaks: HistoryBreak[] = [];
  let commit = '';
  for (const line of log.stdout.toString('utf8').split('\n')) {
    if (/^[0-9a-f]{40,64}$/.test(line)) commit = line;
    const { before, after, status, path } = CHANGE.exec(line)?.groups ?? {};
    if (before === undefined || after === undefined || path === undefined) continue;
    const message = await describeChange(repository, before, after, status);
    if (message !== undefined) breaks.push({ commit, path, message });
  }
  return breaks;
}

async function describeChange(
  repository: LedgerRepository,
  before: string,
  after: string,
  status: string | undefined,
): Promise<string | undefined> {
  if (NO_BLOB.test(before)) return undefined;
  if (status === 'D') return 'The file was removed.';
  const [old, present] = await Promise.all([readBlob(repository, before), readBlob(repository, after)]);
  const isAppended = present.length > old.length && present.subarray(0, old.length).equals(old);
  return isAppended ? undefined : 'Lines were changed, not appended.';
}

/** The branch as it was read first is shallow; its history is needed here. */
async function fetchHistory(repository: LedgerRepository): Promise<void> {
  const shallow = await must(repository, ['rev-parse', '--is-shallow-repository']);
  const deepen = shallow.stdout.toString('utf8').trim() === 'true' ? ['--unshallow'] : [];
  await must(
    repository,
    ['fetch', '--quiet', '--no-tags', ...deepen, repository.remote, `+${REF}:${REF}`],
    repository.auth,
  );
}

async function readBlob(repository: LedgerRepository, blob: string): Promise<Buffer> {
  return (await must(repository, ['cat-file', 'blob', blob])).stdout;
}

async function must(
  { folder, timeoutMs, run }: LedgerRepository,
  args: readonly string[],
  settings: readonly GitSetting[] = [],
): Promise<GitOutcome> {
  const outcome = await runGit({ repository: folder, args, timeoutMs, settings }, run);
  if (outcome.code !== 0) throw new GitFailure(args[0] ?? 'git', outcome);
  return outcome;
}
