import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { venvProgram } from '../../sandbox/checkout.ts';

const FIRST = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;

/** A table with two rows a day, the second of them late in the evening of UTC. */
function tableOf(days: number, write: (at: Date) => string): string {
  const rows = Array.from({ length: 2 * days }, (_, row) => {
    const at = new Date(FIRST + Math.floor(row / 2) * 24 * HOUR + (row % 2) * 23 * HOUR);
    return `${row},${write(at)},${row}`;
  });
  return ['x,at,y', ...rows, ''].join('\n');
}

async function read(text: string, changed: { readonly group?: string } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-days-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, 'h.csv'), text);
  const { groups, groupNote } = await readHoldout(folder, {
    ...{ path: 'h.csv', target: 'y', slices: [], time: 'at' },
    ...changed,
  });
  return { groups, groupNote };
}

test.each([
  ['as days and a clock without an offset, which is UTC', (at: Date) => at.toISOString().slice(0, 19)],
  ['with blanks', (at: Date) => at.toISOString().slice(0, 16).replace('T', ' ')],
  ['with an offset', (at: Date) => `${new Date(at.getTime() + 2 * HOUR).toISOString().slice(0, 19)}+02:00`],
  ['in seconds since 1970', (at: Date) => String(at.getTime() / 1000)],
])('rows of one day are a group where times are written %s', async (_, write) => {
  const { groups, groupNote } = await read(tableOf(14, write));
  expect(new Set(groups).size).toBe(14);
  expect(groups?.[0]).toBe(groups?.[1]);
  expect(groups?.[1]).not.toBe(groups?.[2]);
  expect(groupNote).toBe('Rows of one day of `at` are drawn together: 14 days.');
});

test('a group that is named says more than a day', async () => {
  const { groups, groupNote } = await read(
    tableOf(14, (at) => at.toISOString()),
    { group: 'x' },
  );
  expect([new Set(groups).size, groupNote]).toEqual([28, undefined]);
});

test('says why rows count for themselves: few days, times that are none', async () => {
  const few = await read(tableOf(13, (at) => at.toISOString()));
  expect(few.groups).toBeUndefined();
  expect(few.groupNote).toMatch(/13 days, and 14 are needed.*data\.holdout\.group/);
  expect((await read(tableOf(14, () => 'spring'))).groupNote).toMatch(/can't be read here: each row counts/);
});

test('has nothing to say where each row has a day of its own', async () => {
  const text = tableOf(20, (at) => at.toISOString().slice(0, 10))
    .split('\n')
    .filter((_, line) => line === 0 || line % 2 === 1)
    .join('\n');
  expect(await read(`${text}\n`)).toEqual({ groups: undefined, groupNote: undefined });
});

test('reads the dates of Parquet', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-days-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program =
    "import pandas as pd, sys; pd.DataFrame({'y': range(40), 'at': pd.date_range('2026-01-01', periods=40, freq='12h')}).to_parquet(sys.argv[1])";
  execFileSync(venvProgram('python'), ['-c', program, path.join(folder, 'h.parquet')]);
  const holdout = { path: 'h.parquet', target: 'y', slices: [], time: 'at' };
  expect(new Set((await readHoldout(folder, holdout)).groups).size).toBe(20);
});
