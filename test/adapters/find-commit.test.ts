import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findCommit } from '../../adapters/git/find-commit.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-commit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=ann', '-c', 'user.email=ann@example.com'];
  return execFileSync('git', [...who, ...args], { cwd: folder, encoding: 'utf8' }).trim();
}

test('gives the commit of a checkout, and nothing where there is no git or no commit yet', async () => {
  expect(await findCommit(folder)).toBeUndefined();
  git('init', '--quiet');
  expect(await findCommit(folder)).toBeUndefined();
  git('commit', '--quiet', '--allow-empty', '--message', 'first');
  expect(await findCommit(folder)).toBe(git('rev-parse', 'HEAD'));
});
