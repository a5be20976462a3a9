import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readNewestLines } from '../../agent/machine/read-newest-lines.ts';

function write(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ty-lines-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'lines');
  writeFileSync(file, text);
  return file;
}

test.each([
  ['the last ones', 'a\nb\nc\n', 2, ['b', 'c']],
  ['one without an end', 'a\nb', 2, ['a', 'b']],
  ['none that is empty', '\na\n\n\nb\n\n', 2, ['a', 'b']],
  ['all there are', 'a\n', 5, ['a']],
  ['none of an empty file', '', 5, []],
  ['none where none is asked for', 'a\nb\n', 0, []],
])('gives %s', (_, text, most, lines) => {
  expect(readNewestLines(write(text), most)).toEqual(lines);
});

test('gives whole ones, however they lie to the pieces that are read', () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${'ä'.repeat(index % 97)}`);
  for (const before of [0, 1, 2, 3]) {
    const file = write(`${'x'.repeat(before)}\n${lines.join('\n')}\n`);
    for (const most of [1, 700, 1_500, 2_999])
      expect(readNewestLines(file, most)).toEqual(lines.slice(-most));
  }
});

test('gives a line whole whose beginning is in the piece before', () => {
  // 655 of them and a part of one are in a piece of 64 KiB.
  const lines = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(99, '0'));
  const file = write(`${lines.join('\n')}\n`);
  for (const most of [655, 656, 657]) expect(readNewestLines(file, most)).toEqual(lines.slice(-most));
});

test('gives none of a file that is not there', () => {
  expect(readNewestLines('/nowhere/at-all', 3)).toEqual([]);
});
