import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, STATE_DIR } from '../../sandbox/checkout.ts';

/** What the bundles are made of, and what the hooks need. */
const PARTS = [
  '.githooks',
  '.gitignore',
  'LICENSE',
  'actions',
  'adapters',
  'agent',
  'cli',
  'core',
  'package.json',
  'package-lock.json',
  'sandbox',
  'scripts',
  'tsconfig.json',
];
const SOURCE = 'core/errors.ts';
/** Builds take seconds, and minutes on a machine that has other things to do. */
const BUILD_MS = 300_000;
const BUNDLES = ['actions/dist', 'agent/dist', 'cli/dist'];

mkdirSync(STATE_DIR, { recursive: true });
const folder = mkdtempSync(path.join(STATE_DIR, 'hooks-'));
const clone = path.join(folder, 'clone');
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

/** Git as in a fresh clone: no settings of this machine or of the process that runs the test. */
const ENV = {
  PATH: process.env['PATH'],
  HOME: folder,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

function run(command: string, args: readonly string[], env = {}) {
  return spawnSync(command, args, { cwd: clone, encoding: 'utf8', env: { ...ENV, ...env } });
}

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = run('git', args);
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function write(file: string, text: string): void {
  writeFileSync(path.join(clone, file), text);
}

function commit(subject: string, ...more: readonly string[]) {
  return run('git', ['commit', '--quiet', '-m', subject, ...more]);
}

/** The bundle is built before there are hooks, so that a commit of other sources changes only what those change. */
beforeAll(() => {
  mkdirSync(clone);
  for (const part of PARTS) cpSync(path.join(ROOT, part), path.join(clone, part), { recursive: true });
  const { status, stderr } = spawnSync('cp', ['-al', path.join(ROOT, 'node_modules'), clone]);
  if (status !== 0) throw new Error(stderr.toString());
  const built = run(process.execPath, [path.join(clone, 'scripts', 'build.ts')]);
  if (built.status !== 0) throw new Error(built.stderr);
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '--all');
  git('commit', '--quiet', '-m', 'Begin');
  git('config', 'core.hooksPath', '.githooks');
}, BUILD_MS);

describe('the commit hook', { timeout: BUILD_MS }, () => {
  test('is out of the way when nothing of the bundle is staged', () => {
    write('README.md', '# Hello\n');
    git('add', 'README.md');
    // Without a Node to build with, it would fail if it tried.
    renameSync(path.join(clone, 'node_modules'), path.join(folder, 'packages'));
    expect(commit('Say hello')).toMatchObject({ status: 0, stderr: '' });
    renameSync(path.join(folder, 'packages'), path.join(clone, 'node_modules'));
    expect(git('show', '--name-only', '--format=', 'HEAD')).toBe('README.md');
  });

  test('adds the bundle of what is staged to the commit of its sources, and of nothing else', () => {
    const source = readFileSync(path.join(ROOT, SOURCE), 'utf8');
    write(
      SOURCE,
      source.replace(/constructor\([^)]*\) \{/, (head) => `${head}\n    globalThis.staged = 1;`),
    );
    git('add', SOURCE);
    write('core/verdict.ts', 'this does not even parse (');
    const { status, stderr } = commit('Change an error');
    expect(stderr).toContain('the rebuilt bundle is part of this commit');
    expect(status).toBe(0);
    git('checkout', '--', 'core/verdict.ts');
    const files = git('show', '--name-only', '--format=', 'HEAD').split('\n');
    expect(files).toEqual(['actions/dist/trainyard.mjs', 'agent/dist/agent.mjs', 'cli/dist/cli.mjs', SOURCE]);
    for (const bundle of BUNDLES)
      expect(git('grep', '-l', 'globalThis.staged', 'HEAD', '--', bundle)).not.toBe('');
    expect(git('status', '--porcelain')).toBe('');
  });

  test('refuses sources that can not be bundled, and files named beside the index', () => {
    write('actions/index.ts', 'export const broken = (;\n');
    git('add', 'actions/index.ts');
    const broken = commit('Break the bundle');
    expect(broken.stderr).toContain('can not be built');
    expect(broken.status).toBe(1);
    git('reset', '--quiet', '--hard');
    write('core/result.ts', `${readFileSync(path.join(clone, 'core/result.ts'), 'utf8')}\n`);
    const named = run('git', ['commit', '--quiet', '-m', 'Name a file', 'core/result.ts']);
    expect(named.stderr).toContain('git add');
    expect(named.status).toBe(1);
    git('reset', '--quiet', '--hard');
  });
});

describe('the message hook', () => {
  test.each([
    ['a subject of 72 characters', 'A'.repeat(72), 0],
    ['characters, not bytes', 'ü'.repeat(72), 0],
    [
      'a body',
      'Say what\n\nAnd why, in as many words as it takes, also on one line that is longer than any subject.',
      0,
    ],
    ['what git writes itself', `Revert "${'A'.repeat(80)}"`, 0],
    [
      'comments',
      `# A comment that is longer than any subject may ever be, and then some more\nSay what\n`,
      0,
    ],
    ['no 73 characters', 'A'.repeat(73), 1],
    ['no second line without an empty one', 'Say what\nand go on', 1],
  ])('takes %s', (_name, message, status) => {
    write('message', message);
    expect(run('.githooks/commit-msg', ['message']).status).toBe(status);
    rmSync(path.join(clone, 'message'));
  });
});

describe('bootstrap', () => {
  const bootstrap = (env = {}) => run(process.execPath, ['scripts/bootstrap.mjs', 'docs', '--check'], env);
  const hooksPath = () => run('git', ['config', '--get', 'core.hooksPath']).stdout.trim();

  beforeAll(() => {
    // The packages are there: bootstrap is to find them so, and to run something that does nothing.
    mkdirSync(path.join(clone, '.trainyard'), { recursive: true });
    const lock = readFileSync(path.join(clone, 'package-lock.json'));
    write('.trainyard/npm.stamp', createHash('sha256').update(lock).digest('hex'));
    write('scripts/docs.ts', '');
  });

  test('installs the hooks in a checkout', () => {
    git('config', '--unset', 'core.hooksPath');
    expect(bootstrap().stderr).toBe('');
    expect(hooksPath()).toBe('.githooks');
  });

  test('leaves a setting, hooks of one’s own and CI alone', () => {
    git('config', 'core.hooksPath', 'mine');
    bootstrap();
    expect(hooksPath()).toBe('mine');
    git('config', '--unset', 'core.hooksPath');
    bootstrap({ CI: 'true' });
    expect(hooksPath()).toBe('');
    const own = path.join(clone, '.git', 'hooks', 'pre-push');
    mkdirSync(path.dirname(own), { recursive: true });
    writeFileSync(own, '#!/bin/sh\n');
    chmodSync(own, 0o755);
    bootstrap();
    expect(hooksPath()).toBe('');
    rmSync(own);
  });
});
