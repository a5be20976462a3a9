import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isRunning,
  listOwned,
  type SpawnRequest,
  spawnOrAdopt,
  stopSession,
} from '../../agent/runtimes/process/handle.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';

let folder: string;
let owner: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  owner = `test:${folder}`;
});
afterEach(async () => {
  for (const { handle } of listOwned(owner)) await stopSession(handle, 0);
  rmSync(folder, { recursive: true, force: true });
});

const request = (script: string, name = 'a'): SpawnRequest => ({
  argv: ['/bin/sh', '-c', script],
  env: { GREETING: 'hello' },
  cwd: folder,
  logFile: join(folder, 'log'),
  owner: `${owner}/${name}`,
});

test('a process runs in its own session with the environment it was given and nothing else', async () => {
  const handle = await spawnOrAdopt(request('env; exec sleep 60'));
  await waitFor(() => readFileSync(join(folder, 'log'), 'utf8').includes('GREETING=hello'), 'its output');
  expect(readFileSync(join(folder, 'log'), 'utf8')).not.toContain('npm_');
  expect(isRunning(handle)).toBe(true);
});

test('one whose pid was never written down is adopted, not started twice', async () => {
  const first = await spawnOrAdopt(request('exec sleep 60'));
  expect(await spawnOrAdopt(request('exec sleep 60'))).toEqual(first);
  expect(await spawnOrAdopt(request('exec sleep 60', 'b'))).not.toEqual(first);
  expect(
    listOwned(owner)
      .map(({ owner: name }) => name)
      .toSorted(),
  ).toEqual([`${owner}/a`, `${owner}/b`]);
});

test('a pid that now belongs to another process is not taken for it', async () => {
  const handle = await spawnOrAdopt(request('exec sleep 60'));
  expect(isRunning({ ...handle, startTicks: '1' })).toBe(false);
  await stopSession({ ...handle, startTicks: '1' }, 0);
  expect(isRunning(handle)).toBe(true);
});

test('stopping ends the whole session, also what does not listen to SIGTERM', async () => {
  const stubborn = `trap '' TERM; sleep 60 & echo $! > child; while :; do sleep 1; done`;
  const handle = await spawnOrAdopt(request(stubborn));
  const child = await waitFor(() => {
    try {
      return Number(readFileSync(join(folder, 'child'), 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  }, 'the child');
  await stopSession(handle, 100);
  expect(isRunning(handle)).toBe(false);
  await waitFor(() => {
    try {
      process.kill(child, 0);
      return readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z ');
    } catch {
      return true;
    }
  }, 'the end of the child');
});

test('a program that cannot be run rejects', async () => {
  await expect(spawnOrAdopt({ ...request(''), argv: ['/nowhere/program'] })).rejects.toThrow('ENOENT');
});
