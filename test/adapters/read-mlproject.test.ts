import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readMlproject } from '../../adapters/mlflow/read-mlproject.ts';

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ty-project-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('takes a folder without an MLproject file for one of scripts, and a device for no file', async () => {
  const folder = await createFolder();
  expect(await readMlproject(folder, '.')).toEqual({ ok: true, value: undefined });
  await symlink('/dev/zero', path.join(folder, 'MLproject'));
  expect(await readMlproject(folder, '.')).toEqual({ ok: true, value: undefined });
});

test('tells a file that is too large, or that nobody can read, from one that is not there', async () => {
  const folder = await createFolder();
  const code = async () => {
    const read = await readMlproject(folder, '.');
    return read.ok ? 'read' : read.error[0]?.code;
  };
  await writeFile(path.join(folder, 'MLproject'), '#'.repeat(100_000));
  expect(await code()).toBe('config-too-large');
  await rm(path.join(folder, 'MLproject'));
  await symlink('MLproject', path.join(folder, 'MLproject'));
  expect(await code()).toBe('mlproject-unreadable');
});

test('reads a parameter of a type without a default, which each run then has to give', async () => {
  const folder = await createFolder();
  const text = 'entry_points: { main: { parameters: { a: { type: float }, b: { default: 2 }, c: path } } }';
  await writeFile(path.join(folder, 'MLproject'), text);
  const read = await readMlproject(folder, '.');
  const { parameters } = (read.ok ? read.value?.entryPoints['main'] : undefined) ?? {};
  expect(parameters).toEqual({
    a: { type: 'float', isRequired: true },
    b: { type: 'string', isRequired: false, default: 2 },
    c: { type: 'path', isRequired: true },
  });
});
