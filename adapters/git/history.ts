import { TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { GitFailure } from './failure.ts';
import type { LedgerRepository } from './repository.ts';
import { type GitOutcome, type GitSetting, linesOf, runGit } from './run.ts';

const REF = `refs/heads/${LEDGER_BRANCH}`;
const CHANGE = /^:\d+ \d+ (?<before>[0-9a-f]+) (?<after>[0-9a-f]+) (?<status>[A-Z])\d*\t(?<path>.+)$/;
const NO_BLOB = /^0+$/;

/** A commit that did something else to the ledger than append to one of its files. */
type HistoryBreak = {
  readonly code: 'history' | 'ledger-merge';
  readonly commit: string;
  readonly message: string;
};

/**
 * Goes through every commit that the ledger branch has behind it, by all parents, and names merges, and those that changed, removed or
 * inserted lines under `events/` or changed the title page. Fetches the whole history of the branch.
 */
export async function findHistoryBreaks(repository: LedgerRepository): Promise<readonly HistoryBreak[]> {
  await fetchHistory(repository);
  const merges = await must(repository, ['rev-list', '--min-parents=2', REF]);
  // A merge hides what another parent did from the history of a path, unless all of it is asked for.
  const walk = ['--reverse', '--full-history', '--no-merges', '--root'];
  const format = ['--format=%H', '--raw', '--no-abbrev', '--no-renames'];
  const log = await must(repository, ['log', ...walk, ...format, REF, '--', 'events/', TITLE_PAGE]);
  const breaks: HistoryBreak[] = linesOf(merges).map((commit) => ({
    ...{ code: 'ledger-merge', commit },
    message: 'A merge: one of its parents was put in beside the ledger, which is only ever appended to.',
  }));
  let commit = '';
  for (const line of linesOf(log)) {
    if (/^[0-9a-f]{40,64}$/.test(line)) commit = line;
    const { before, after, status, path } = CHANGE.exec(line)?.groups ?? {};
    if (before === undefined || after === undefined || path === undefined) continue;
    const message = await describeChange(repository, before, after, status);
    if (message !== undefined) breaks.push({ code: 'history', commit, message: `${path}: ${message}` });
  }
  return breaks;
}

/** The commit that a line of the branch came with; `undefined` where git does not know. Needs the whole history. */
export async function findCommitOf(
  { folder, timeoutMs, run }: LedgerRepository,
  { file, line }: { readonly file: string; readonly line: number },
): Promise<string | undefined> {
  const args = ['blame', '-l', '-s', '-L', `${line},${line}`, REF, '--', file];
  const { stdout } = await runGit({ repository: folder, args, timeoutMs }, run);
  return /^\^?(?<commit>[0-9a-f]{39,64})/.exec(stdout.toString('utf8'))?.groups?.['commit'];
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
