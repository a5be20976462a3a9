import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSharedCheckpoints } from '../../adapters/checkpoints/shared-checkpoints.ts';

const training = { model: 'mnist', training: 'push-1 abc' };
let root = '';

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'trainyard-test-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('a shared folder that somebody has filled before is empty where a training begins anew', async () => {
  const { folder } = await createSharedCheckpoints(root, training);
  await writeFile(path.join(folder, 'last.pt'), 'planted');
  const { empty, restore } = await createSharedCheckpoints(root, training);
  expect(await restore('run-1')).toBe(true);
  await empty();
  expect(await restore('run-1')).toBe(false);
  expect(await readdir(folder)).toEqual([]);
});

test('a link in its place is taken away, and not what it leads to', async () => {
  const { folder } = await createSharedCheckpoints(root, training);
  const other = path.join(root, 'other');
  await mkdir(other);
  await writeFile(path.join(other, 'kept'), 'kept');
  await rm(folder, { recursive: true });
  await symlink(other, folder);
  const { empty } = await createSharedCheckpoints(root, training);
  await empty();
  expect((await lstat(folder)).isDirectory()).toBe(true);
  expect(await readdir(folder)).toEqual([]);
  expect(await readFile(path.join(other, 'kept'), 'utf8')).toBe('kept');
});
