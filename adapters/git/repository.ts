import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TITLE_PAGE } from '../../core/ledger/head/title-page.ts';
import type { LedgerFile } from '../../core/ledger/parse-ledger.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import type { RunCommand } from '../../core/ports.ts';
import { GitFailure } from './failure.ts';
import { type GitOutcome, type GitSetting, linesOf, runGit } from './run.ts';

const REF = `refs/heads/${LEDGER_BRANCH}`;
const BATCH_BYTES = 8_000_000;
/** So far back is looked for a commit that can be used: in commits of the branch, and in those of one model. */
const MOST_EARLIER = 500;
const MOST_TRIED = 50;
const EMPTY = Buffer.alloc(0);
/** Keeps what was fetched as it came: unpacking a ledger costs twice as much as reading it. */
const KEEP_PACKED = ['-c', 'fetch.unpackLimit=1', '-c', 'transfer.unpackLimit=1'];

export type Committer = { readonly name: string; readonly email: string };

/** A bare repository that holds nothing but the newest commit of the ledger branch of `remote`. */
export type LedgerRepository = {
  readonly remote: string;
  readonly folder: string;
  readonly author: Committer;
  readonly auth: readonly GitSetting[];
  readonly timeoutMs: number;
  readonly run: RunCommand;
};

/** How a push ended: `lost` when someone else was faster and the append must be decided again. */
type PushOutcome = 'pushed' | 'lost';

/** Makes the bare repository unless it is there. */
export async function openLedgerRepository(repository: LedgerRepository): Promise<void> {
  await mkdir(repository.folder, { recursive: true });
  const args = ['init', '--quiet', '--bare', '--template=', repository.folder];
  const outcome = await runGit({ args, timeoutMs: repository.timeoutMs }, repository.run);
  if (outcome.code !== 0) throw new GitFailure('init', outcome);
}

/** The newest commit of the ledger branch. A merge is none of ours: appends have one parent. */
type FetchedHead = { readonly commit: string; readonly isMerge: boolean };

/** The newest commit of the ledger branch, fetched now; `undefined` while the branch does not exist. */
export async function fetchHead(repository: LedgerRepository): Promise<FetchedHead | undefined> {
  const args = [...KEEP_PACKED, 'fetch', '--quiet', '--no-tags', '--depth=1', '--no-write-fetch-head'];
  const outcome = await git(repository, [...args, repository.remote, `+${REF}:${REF}`], { auth: true });
  if (outcome.code === 0) return readCommit(repository);
  if (/couldn't find remote ref/.test(outcome.stderr)) return undefined;
  throw new GitFailure('fetch', outcome);
}

/**
 * Commits of the fetched branch that touched a model's files or the title page, newest first: the last of them, which are fetched now.
 * Rejects with a GitFailure when the remote can't be asked.
 */
export async function fetchEarlier(repository: LedgerRepository, model: string): Promise<readonly string[]> {
  const args = [
    ...KEEP_PACKED,
    'fetch',
    '--quiet',
    '--no-tags',
    `--deepen=${MOST_EARLIER}`,
    '--no-write-fetch-head',
  ];
  const fetched = await git(repository, [...args, repository.remote, REF], { auth: true });
  if (fetched.code !== 0) throw new GitFailure('fetch', fetched);
  const walk = [
    'rev-list',
    '--first-parent',
    `--max-count=${MOST_TRIED}`,
    REF,
    '--',
    TITLE_PAGE,
    `events/${model}/`,
  ];
  return linesOf(await must(repository, walk));
}

/** The commit itself names its parents, also where they were not fetched. */
async function readCommit(repository: LedgerRepository): Promise<FetchedHead> {
  const outcome = await must(repository, ['cat-file', '--batch'], { input: `${REF}\n` });
  const [first = '', ...lines] = outcome.stdout.toString('utf8').split('\n');
  const commit = /^(?<commit>[0-9a-f]+) commit \d+$/.exec(first)?.groups?.['commit'];
  if (commit === undefined) throw new GitFailure(`cat-file of ${REF}`, { ...outcome, stderr: first });
  const parents = lines.slice(0, lines.indexOf('')).filter((line) => line.startsWith('parent '));
  return { commit, isMerge: parents.length > 1 };
}

/** A file of a commit: the hash of its content, and its size. */
export type StoredFile = { readonly path: string; readonly blob: string; readonly bytes: number };

/** The files of a commit at these paths and under them, by path in ascending order. */
export async function listFiles(
  repository: LedgerRepository,
  commit: string,
  ...paths: readonly string[]
): Promise<readonly StoredFile[]> {
  const listed = await must(repository, ['ls-tree', '-z', '-r', '-l', commit, '--', ...paths]);
  return listed.stdout
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => {
      const { blob, bytes, path } =
        /^\d+ blob (?<blob>[0-9a-f]+) +(?<bytes>\d+)\t(?<path>.+)$/s.exec(entry)?.groups ?? {};
      return blob === undefined || path === undefined ? [] : [{ blob, path, bytes: Number(bytes) }];
    })
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

/** The contents of files, one after the other. Rejects with a GitFailure that names the file which the repository has not got. */
export async function* readBlobs(
  repository: LedgerRepository,
  files: readonly StoredFile[],
): AsyncGenerator<{ readonly file: StoredFile; readonly content: Buffer }> {
  for (const batch of toBatches(files)) {
    const input = batch.map(({ blob }) => `${blob}\n`).join('');
    const outcome = await must(repository, ['cat-file', '--batch'], { input });
    let offset = 0;
    for (const file of batch) {
      const end = outcome.stdout.indexOf(0x0a, offset);
      const header = outcome.stdout.toString('utf8', offset, Math.max(offset, end));
      if (header !== `${file.blob} blob ${file.bytes}`) {
        throw new GitFailure(`cat-file of ${file.path}`, { ...outcome, stderr: header, stdout: EMPTY });
      }
      const start = end + 1;
      offset = start + file.bytes + 1;
      yield { file, content: outcome.stdout.subarray(start, start + file.bytes) };
    }
  }
}

/** A commit on `parent` (none: the first of the branch) with these files replaced. Gives its hash; touches no branch. */
export async function commitFiles(
  repository: LedgerRepository,
  parent: string | undefined,
  files: readonly LedgerFile[],
  message: string,
  at: string,
): Promise<string> {
  const index = join(repository.folder, `index-${randomUUID()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await must(repository, ['read-tree', ...(parent === undefined ? ['--empty'] : [parent])], { env });
    for (const { path, text } of files) {
      const blob = oneLine(await must(repository, ['hash-object', '-w', '--stdin'], { input: text }));
      await must(repository, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    }
    const tree = oneLine(await must(repository, ['write-tree'], { env }));
    const parents = parent === undefined ? [] : ['-p', parent];
    const identity = identityEnv(repository.author, at);
    const args = ['commit-tree', tree, ...parents, '-F', '-'];
    return oneLine(await must(repository, args, { env: identity, input: message }));
  } finally {
    await rm(index, { force: true });
  }
}

/**
 * Moves the branch of the remote to a commit on `parent` if it is where that was read: git's own compare-and-swap. A branch that has been
 * deleted since is not made anew, which would be a shorter one than others have seen.
 */
export async function pushHead(
  repository: LedgerRepository,
  commit: string,
  parent: string | undefined,
): Promise<PushOutcome> {
  const lease = `--force-with-lease=${REF}:${parent ?? ''}`;
  const args = ['push', '--porcelain', '--no-verify', lease, repository.remote, `${commit}:${REF}`];
  const outcome = await git(repository, args, { auth: true });
  if (outcome.code === 0) return 'pushed';
  if (isLostRace(outcome)) return 'lost';
  throw new GitFailure('push', outcome);
}

/** The branches of the remote below the ledger's own name. */
export async function listBranchesBelow(repository: LedgerRepository): Promise<readonly string[]> {
  const outcome = await git(repository, ['ls-remote', repository.remote, `${REF}/*`], { auth: true });
  if (outcome.code !== 0) throw new GitFailure('fetch', outcome);
  const refs = outcome.stdout.toString('utf8').matchAll(/\trefs\/heads\/(?<branch>.+)$/gm);
  return [...refs].map(({ groups }) => groups?.['branch'] ?? '');
}

/** Rejections that mean "the branch has moved", by git itself or by the host while it took its lock. */
function isLostRace(outcome: GitOutcome): boolean {
  const status = linesOf(outcome).find((line) => line.startsWith('!')) ?? '';
  return /\[rejected\]|cannot lock ref|directory file conflict|failed to update ref|incorrect old value|reference already exists|failed to lock/.test(
    status,
  );
}

/** Files to be read at once: some, but not so many that a long ledger lies in memory whole. */
function toBatches(files: readonly StoredFile[]): readonly (readonly StoredFile[])[] {
  const batches: StoredFile[][] = [];
  let room = 0;
  for (const file of files) {
    const last = room < file.bytes ? undefined : batches.at(-1);
    if (last === undefined) batches.push([file]);
    else last.push(file);
    room = (last === undefined ? BATCH_BYTES : room) - file.bytes;
  }
  return batches;
}

function identityEnv({ name, email }: Committer, at: string): Readonly<Record<string, string>> {
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_COMMITTER_DATE: at,
  };
}

type Extra = {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly auth?: boolean;
};

function git(repository: LedgerRepository, args: readonly string[], extra: Extra): Promise<GitOutcome> {
  return runGit(
    {
      repository: repository.folder,
      args,
      timeoutMs: repository.timeoutMs,
      env: extra.env ?? {},
      settings: extra.auth === true ? repository.auth : [],
      ...(extra.input === undefined ? {} : { input: extra.input }),
    },
    repository.run,
  );
}

async function must(
  repository: LedgerRepository,
  args: readonly string[],
  extra: Extra = {},
): Promise<GitOutcome> {
  const outcome = await git(repository, args, extra);
  if (outcome.code !== 0) throw new GitFailure(args[0] ?? 'git', outcome);
  return outcome;
}

function oneLine({ stdout }: GitOutcome): string {
  return stdout.toString('utf8').trim();
}
