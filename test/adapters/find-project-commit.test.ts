import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProjectCommit } from '../../adapters/mlflow/find-project-commit.ts';
import { toLineEnd } from '../../adapters/programs/shell-line.ts';
import { runProcess } from '../../adapters/run-process.ts';
import { type GitDaemon, startGitDaemon } from './support/git-daemon.ts';
import { gitIn } from './support/git-in.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-project-commit-'));
const bare = path.join(folder, 'project.git');
const git = gitIn(path.join(folder, 'work'));
let uri: string;
let daemon: GitDaemon;
const commits: string[] = [];

const runGit = async (args: readonly string[], { timeoutSeconds }: { readonly timeoutSeconds: number }) =>
  toLineEnd(
    await runProcess({ command: 'git', args, cwd: '/', env: process.env, timeoutMs: timeoutSeconds * 1_000 }),
  );

beforeAll(async () => {
  execFileSync('git', ['init', '--quiet', '--initial-branch', 'main', path.join(folder, 'work')]);
  for (const message of ['first', 'second']) {
    git('commit', '--quiet', '--allow-empty', '--message', message);
    commits.push(git('rev-parse', 'HEAD'));
    if (message === 'first') git('tag', '--annotate', '--message', 'one', 'v1');
  }
  git('branch', 'v2-work', commits[0] ?? '');
  // A branch that is called as a tag is, and one that ends as another.
  git('branch', 'feature/main', commits[0] ?? '');
  execFileSync('git', ['clone', '--quiet', '--bare', path.join(folder, 'work'), bare]);
  daemon = await startGitDaemon(folder);
  uri = `${daemon.address}/project.git#models/tiny`;
});
afterAll(async () => {
  await daemon.child.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a project in another repository is at the commit that its branch, tag or default branch names', async () => {
  const [first, second] = commits;
  const at = (version?: string) =>
    findProjectCommit({ uri, ...(version !== undefined && { version }) }, runGit);
  expect(await at()).toBe(second);
  expect(await at('main')).toBe(second);
  expect(await at('v2-work')).toBe(first);
  // Of a tag that is an object of its own, the commit.
  expect(await at('v1')).toBe(first);
  expect(await at('f'.repeat(40))).toBe('f'.repeat(40));
  // What MLflow does not clone is at no commit.
  for (const place of ['models/tiny', `file://${bare}`, 'https://h/p.zip#models']) {
    expect(await findProjectCommit({ uri: place }, runGit)).toBeUndefined();
  }
});

test.each([
  ['a name that it has not', '/project.git', 'v9', 'project-version-unknown', /no branch and no tag `v9`/],
  ['half a commit', '/project.git', 'abcdef0', 'project-version-unknown', /all of its 40 digits/],
  ['a repository that is not there', '/x.git', 'main', 'project-unreachable', /can't be asked/],
])('%s is refused with the repository and what to do', async (_, below, version, code, said) => {
  const address = `${daemon.address}${below}`;
  await expect(findProjectCommit({ uri: address, version }, runGit)).rejects.toMatchObject({
    message: expect.stringMatching(said),
    problems: [{ code, where: { kind: 'endpoint' } }],
  });
});
