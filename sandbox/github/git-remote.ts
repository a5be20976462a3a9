import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type PushRule, setPushRules } from './on-demand/push-rules.ts';

/** Files of a commit: text or bytes by path; `undefined` deletes. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

/** The bare repository that stands for the one on GitHub. */
export type GitRemote = {
  /** Folder of the bare repository. */
  readonly bare: string;
  /** Commits the files on top of `branch` (made from `from`, or from nothing) and gives the commit. */
  readonly commit: (commit: {
    readonly branch: string;
    readonly files: Files;
    readonly message: string;
    readonly author: string;
    readonly from?: string;
  }) => string;
  /**
   * Takes the commit at hand of another folder, with some files otherwise, on top of a branch, and gives the commit that this makes: what
   * is pushed is theirs, and follows what was pushed before.
   */
  readonly take: (commit: {
    readonly branch: string;
    readonly folder: string;
    readonly files: Files;
    readonly message: string;
    readonly author: string;
  }) => string;
  readonly resolve: (ref: string) => string | undefined;
  readonly pointRef: (ref: string, sha: string) => void;
  /** Sets the rules for pushes, in the place of those there were. */
  readonly setRules: (rules: readonly PushRule[]) => void;
  /** A file's text at a commit, or `undefined`. */
  readonly show: (sha: string, file: string) => string | undefined;
  /** Paths that differ between two commits, and whether the later one follows the earlier; `undefined` when one is not there. */
  readonly changes: (
    before: string,
    after: string,
  ) => { readonly follows: boolean; readonly files: readonly string[] } | undefined;
  readonly list: (sha: string, folder: string) => readonly string[];
  /** Checks a commit out into a new folder. */
  readonly cloneAt: (folder: string, sha: string) => void;
};

/** Makes an empty bare repository. */
export function createGitRemote(bare: string, defaultBranch = 'main'): GitRemote {
  mkdirSync(bare, { recursive: true });
  git(bare, ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`]);
  git(bare, ['config', 'http.receivepack', 'true']);
  // As on GitHub: any commit can be fetched by its name, history is not rewritten behind one's back.
  git(bare, ['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  const resolve = (ref: string): string | undefined =>
    attempt(() => git(bare, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).trim());
  return {
    bare,
    resolve,
    commit: (request) => commitFiles(bare, { ...request, parent: resolve(request.from ?? request.branch) }),
    take: (request) => takeCommit(bare, { ...request, parent: resolve(request.branch) }),
    pointRef: (ref, sha) => {
      git(bare, ['update-ref', ref, sha]);
    },
    setRules: (rules) => setPushRules(bare, rules),
    show: (sha, file) => attempt(() => git(bare, ['show', `${sha}:${file}`])),
    changes: (before, after) =>
      attempt(() => {
        const files = git(bare, ['diff', '--name-only', '--no-renames', before, after])
          .split('\n')
          .filter(Boolean);
        const base = git(bare, ['merge-base', before, after]).trim();
        return { follows: base === git(bare, ['rev-parse', before]).trim(), files };
      }),
    list: (sha, folder) =>
      git(bare, ['ls-tree', '--name-only', sha, `${folder}/`])
        .split('\n')
        .filter(Boolean),
    cloneAt: (folder, sha) => {
      git(bare, ['clone', '--quiet', '--no-checkout', bare, folder]);
      git(folder, ['checkout', '--quiet', '--detach', sha]);
    },
  };
}

function commitFiles(
  bare: string,
  request: {
    readonly branch: string;
    readonly files: Files;
    readonly message: string;
    readonly author: string;
    readonly parent: string | undefined;
  },
): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-commit-'));
  const identity = ['-c', `user.name=${request.author}`, '-c', `user.email=${request.author}@example.test`];
  try {
    git(folder, ['clone', '--quiet', '--no-checkout', bare, '.']);
    git(folder, [
      'checkout',
      '--quiet',
      ...(request.parent === undefined
        ? ['--orphan', request.branch]
        : ['-B', request.branch, request.parent]),
    ]);
    for (const [file, content] of Object.entries(request.files))
      writeOrDelete(path.join(folder, file), content);
    git(folder, ['add', '--all']);
    git(folder, [...identity, 'commit', '--quiet', '--allow-empty', '--message', request.message]);
    git(folder, ['push', '--quiet', 'origin', `HEAD:refs/heads/${request.branch}`], {
      REMOTE_USER: request.author,
    });
    return git(folder, ['rev-parse', 'HEAD']).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function takeCommit(
  bare: string,
  request: Parameters<GitRemote['take']>[0] & { readonly parent: string | undefined },
): string {
  const { branch, message, author, parent } = request;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-commit-'));
  const identity = ['-c', `user.name=${author}`, '-c', `user.email=${author}@example.test`];
  try {
    git(folder, ['clone', '--quiet', '--no-checkout', bare, '.']);
    git(folder, ['fetch', '--quiet', request.folder, 'HEAD']);
    git(folder, ['checkout', '--quiet', '--detach', 'FETCH_HEAD']);
    for (const [file, content] of Object.entries(request.files))
      writeOrDelete(path.join(folder, file), content);
    git(folder, ['add', '--all', '--force', '--', ...Object.keys(request.files)]);
    const tree = git(folder, ['write-tree']).trim();
    const parents = [...(parent === undefined ? [] : [parent]), git(folder, ['rev-parse', 'HEAD']).trim()];
    const of = parents.flatMap((one) => ['-p', one]);
    const sha = git(folder, [...identity, 'commit-tree', tree, ...of, '-m', message]).trim();
    git(folder, ['push', '--quiet', 'origin', `${sha}:refs/heads/${branch}`], { REMOTE_USER: author });
    return sha;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeOrDelete(file: string, content: string | Uint8Array | undefined): void {
  if (content === undefined) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function git(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
  });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
