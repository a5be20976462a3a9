import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findCommit, isOfCommit, listChanged } from '../../adapters/git/find-commit.ts';

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

test('knows a file of the commit from one that lies beside it, elsewhere, or behind a link', async () => {
  const at = (name: string) => path.join(folder, name);
  const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'trainyard-elsewhere-'));
  writeFileSync(path.join(elsewhere, 'holdout.csv'), 'easy');
  writeFileSync(at('holdout.csv'), 'x');
  writeFileSync(at('beside.csv'), 'x');
  symlinkSync(path.join(elsewhere, 'holdout.csv'), at('link.csv'));
  git('add', 'holdout.csv', 'link.csv');
  git('commit', '--quiet', '--message', 'data');
  const files = [
    'holdout.csv',
    at('holdout.csv'),
    'beside.csv',
    'link.csv',
    path.join(elsewhere, 'holdout.csv'),
  ];
  expect(await Promise.all(files.map((file) => isOfCommit(folder, file)))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(await listChanged(folder)).toEqual([]);
  writeFileSync(at('holdout.csv'), 'fetched over it');
  expect(await isOfCommit(folder, 'holdout.csv')).toBe(false);
  expect(await listChanged(folder)).toEqual(['holdout.csv']);
  rmSync(elsewhere, { recursive: true, force: true });
});
