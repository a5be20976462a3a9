import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SCHEMA_VERSION } from '../../agent/store/database.ts';
import { damagedDatabase } from '../../agent/store/database-failure.ts';
import { openStore } from '../../agent/store/store.ts';
import { arm, poll } from '../core/rollout/observations.ts';
import { problemThrownBy } from '../fixtures/problem-of.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  file = join(folder, 'agent.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A database that has been in use, with the folder that the agent lays beside it. */
function use(): void {
  const store = openStore(file);
  store.transaction(() => {
    for (let index = 0; index < 2_000; index += 1) store.putMemory(`key-${index}`, { index });
  });
  store.close();
  mkdirSync(join(folder, 'packages'));
}

const overwrite = (position: number) => {
  const opened = openSync(file, 'r+');
  writeSync(opened, Buffer.alloc(32_768, 7), 0, 32_768, position);
  closeSync(opened);
};

test('says in its file which schema it has while an agent runs on it, for an older package that looks before it is unpacked', () => {
  const store = openStore(file);
  // sqlite.org/fileformat.html: the user version is at byte 60.
  expect(readFileSync(file).readUInt32BE(60)).toBe(SCHEMA_VERSION);
  store.close();
});

describe('a database that is damaged', () => {
  test.each([
    ['cut off', () => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
    ['cut off in its first page', () => truncateSync(file, 1_000)],
    ['emptied', () => truncateSync(file, 0)],
    ['overwritten at its head', () => overwrite(0)],
    ['overwritten in the middle', () => overwrite(40_960)],
    ['no database', () => writeFileSync(file, 'something else'.repeat(1_000))],
  ])('is told as that when it is %s, with what to do and what is lost', (_how, damage) => {
    use();
    damage();
    const before = readFileSync(file);
    const problem = problemThrownBy(() => openStore(file));
    expect(problem?.code).toBe('database-damaged');
    expect(problem?.message).toContain('what is deployed here');
    expect(problem?.remedy).toContain('begins as a new host');
    // Nothing is written over what may yet be saved.
    expect(readFileSync(file)).toEqual(before);
  });
});

test('a database that another agent holds is told as that', () => {
  const held = openStore(file);
  expect(problemThrownBy(() => openStore(file))).toMatchObject({ code: 'data-folder-in-use' });
  held.close();
});

test('what is wrong with a database otherwise is quoted', () => {
  mkdirSync(file);
  expect(problemThrownBy(() => openStore(file))).toMatchObject({
    code: 'database-unusable',
    message: expect.stringContaining('illegal operation on a directory'),
  });
});

test('an empty file in a folder that was never used is a beginning: the agent was ended as it made it', () => {
  writeFileSync(file, '');
  openStore(file).close();
});

test('a copy that was put back numbers beyond what was seen, once it was prepared as the remedy says', () => {
  const { seq: _seq, hostId: _hostId, ...seen } = poll(0, { candidate: arm(1), stable: arm(1) });
  const before = openStore(file);
  before.addObservation('demo', 'r', seen);
  before.putMemory('counted/demo', {});
  before.close();
  const [problem] = damagedDatabase(file, 'cut off').problems;
  const prepare = /sqlite3 \S+ "([^"]+)"/.exec(problem?.remedy ?? '')?.[1] ?? '';
  const copy = new DatabaseSync(file);
  const second = Math.trunc(Date.now() / 1_000) * 1_000;
  copy.exec(prepare);
  copy.close();
  const after = openStore(file);
  after.addObservation('demo', 'r', seen);
  expect(after.hostId).toBe(before.hostId);
  const numbers = after.observations('demo', 'r', 1).map(({ seq }) => seq);
  expect(numbers).toHaveLength(1);
  expect(numbers[0]).toBeGreaterThan(second);
  expect(after.getMemory('counted/demo', z.unknown())).toBeUndefined();
  after.close();
});
