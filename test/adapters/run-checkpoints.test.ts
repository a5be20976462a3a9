import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createRunCheckpoints } from '../../adapters/checkpoints/run-checkpoints.ts';
import { createSeal } from '../../adapters/seal.ts';
import { ServiceError, UNREACHABLE } from '../../core/errors.ts';
import type { TrackingRun } from '../../core/ports.ts';

const RUN = 'run-1';
const TAG = 'trainyard.checkpoint';
const seal = createSeal('n'.repeat(64));
const places: string[] = [];

afterEach(async () => {
  for (const place of places.splice(0)) await rm(place, { recursive: true, force: true });
});

const cutOff = new ServiceError({
  ...{ code: UNREACHABLE, message: 'The service could not be reached.', remedy: 'Wait.' },
  where: { kind: 'endpoint', endpoint: 'GET http://mlflow.test' },
});

/** A tracking server in a folder, which fails where it is told to, and the attempts at a training. */
async function bench() {
  const root = await mkdtemp(path.join(tmpdir(), 'trainyard-test-'));
  places.push(root);
  const tags: Record<string, string> = {};
  const failing = { upload: '', download: '', tag: false };
  const none = { metrics: {}, parameters: {}, modelUri: undefined };
  const run: TrackingRun = { runId: RUN, url: 'http://run', status: 'RUNNING', ...none, tags };
  const place = (name: string) => path.join(root, 'store', name);
  const tracking = {
    getRun: async () => run,
    setRunTags: async (_: string, more: Readonly<Record<string, string>>) => {
      Object.assign(tags, more);
      if (failing.tag) throw cutOff;
    },
    uploadArtifact: async (_: string, name: string, file: string) => {
      await mkdir(path.dirname(place(name)), { recursive: true });
      await copyFile(file, place(name));
      if (failing.upload !== '' && name.endsWith(failing.upload)) throw cutOff;
    },
    listArtifacts: async (_: string, folder: string) => {
      const names = await readdir(place(folder)).catch(() => []);
      return names.map((name) => `${folder}/${name}`);
    },
    downloadArtifact: async (_: string, name: string, file: string) => {
      if (failing.download !== '' && name.endsWith(failing.download)) throw cutOff;
      await copyFile(place(name), file);
    },
  };
  const lines: string[] = [];
  const log = { info: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
  const attempt = async (holder: string) => {
    const temp = await mkdtemp(path.join(root, 'job-'));
    const checkpoints = await createRunCheckpoints({ temp, tracking, seal, holder, log, settleMs: 0 });
    const write = (text: string) => writeFile(path.join(checkpoints.folder, 'last.pt'), text);
    const read = () => readFile(path.join(checkpoints.folder, 'last.pt'), 'utf8');
    const keep = async (text: string, require = async () => undefined) => {
      await write(text);
      await checkpoints.keep(RUN, { isLast: true, require });
    };
    return { ...checkpoints, keep, read };
  };
  return { attempt, failing, tags, lines, store: place('') };
}

test('the last checkpoint that was kept whole is there, however the next ones failed', async () => {
  const { attempt, failing } = await bench();
  const first = await attempt('0.1');
  await first.keep('epoch 1');
  for (const text of ['epoch two', 'epoch three!']) {
    failing.upload = 'manifest.json';
    await expect(first.keep(text)).rejects.toThrow(cutOff);
    failing.upload = '';
    const second = await attempt('0.2');
    expect(await second.restore(RUN)).toBe(true);
    expect(await second.read()).toBe('epoch 1');
  }
});

test('a checkpoint whose tag was written without an answer is not written over by half a one', async () => {
  const { attempt, failing } = await bench();
  const first = await attempt('0.1');
  await first.keep('epoch 1');
  failing.tag = true;
  await expect(first.keep('epoch two')).rejects.toThrow(cutOff);
  Object.assign(failing, { tag: false, upload: 'manifest.json' });
  await expect(first.keep('epoch three!')).rejects.toThrow(cutOff);
  const second = await attempt('0.2');
  expect(await second.restore(RUN)).toBe(true);
  expect(await second.read()).toBe('epoch two');
});

test('a server that is away while a checkpoint is fetched is an error, and no training without one', async () => {
  const { attempt, failing, lines } = await bench();
  await (await attempt('0.1')).keep('epoch 1');
  for (const name of ['manifest.json', '/0']) {
    failing.download = name;
    await expect((await attempt('0.2')).restore(RUN)).rejects.toThrow(cutOff);
  }
  failing.download = '';
  expect(await (await attempt('0.2')).restore(RUN)).toBe(true);
  expect(lines.join('\n')).not.toContain('not gone on from');
});

test('a checkpoint whose tag somebody has changed is not gone on from', async () => {
  const { attempt, tags, lines } = await bench();
  await (await attempt('0.1')).keep('epoch 1');
  tags[TAG] = `${tags[TAG]?.slice(0, -1)}x`;
  const second = await attempt('0.2');
  expect(await second.restore(RUN)).toBe(false);
  expect(lines.join('\n')).toContain('no attempt of this training has kept it');
});

test('a checkpoint that was removed from the store is not gone on from', async () => {
  const { attempt, store, lines } = await bench();
  await (await attempt('0.1')).keep('epoch 1');
  await rm(store, { recursive: true });
  expect(await (await attempt('0.2')).restore(RUN)).toBe(false);
  expect(lines.join('\n')).toContain('is there no more');
});

test('an attempt that has lost the training while it uploads names no checkpoint', async () => {
  const { attempt, tags } = await bench();
  const first = await attempt('0.1');
  await first.keep('epoch 1');
  await (await attempt('0.2')).keep('epoch 5');
  const newest = tags[TAG];
  const lost = async () => {
    throw new Error('taken over');
  };
  await expect(first.keep('epoch two', lost)).rejects.toThrow('taken over');
  expect(tags[TAG]).toBe(newest);
});
