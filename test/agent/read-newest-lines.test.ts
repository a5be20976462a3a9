import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readNewestLines } from '../../agent/machine/read-newest-lines.ts';

/** More bytes than any of these files has. */
const ALL = 2 ** 30;

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
  expect(readNewestLines(write(text), most, ALL)).toEqual(lines);
});

test('gives whole ones, however they lie to the pieces that are read', () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => `${index} ${'ä'.repeat(index % 97)}`);
  for (const before of [0, 1, 2, 3]) {
    const file = write(`${'x'.repeat(before)}\n${lines.join('\n')}\n`);
    for (const most of [1, 700, 1_500, 2_999])
      expect(readNewestLines(file, most, ALL)).toEqual(lines.slice(-most));
  }
});

test('gives a line whole whose beginning is in the piece before', () => {
  // 655 of them and a part of one are in a piece of 64 KiB.
  const lines = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(99, '0'));
  const file = write(`${lines.join('\n')}\n`);
  for (const most of [655, 656, 657]) expect(readNewestLines(file, most, ALL)).toEqual(lines.slice(-most));
});

test('gives none of a file that is not there', () => {
  expect(readNewestLines('/nowhere/at-all', 3, ALL)).toEqual([]);
});

test('reads no more bytes than it may, and leaves out a line that began before them', () => {
  const file = write('aaaa\nbbbb\ncccc\n');
  const within = (bytes: number) => readNewestLines(file, 9, bytes);
  expect(within(15)).toEqual(['aaaa', 'bbbb', 'cccc']);
  expect(within(14)).toEqual(['bbbb', 'cccc']);
  expect(within(6)).toEqual(['cccc']);
  expect(within(4)).toEqual([]);
  expect(within(0)).toEqual([]);
});

test('what is no text of lines is not gone through over and over', () => {
  const file = write('\0'.repeat(20 * 2 ** 20));
  expect(readNewestLines(file, 300, 2 ** 20)).toEqual([]);
  const before = performance.now();
  expect(readNewestLines(file, 300, ALL)).toHaveLength(1);
  // 10 s where the lines are parted anew for each piece.
  expect(performance.now() - before).toBeLessThan(3_000);
});
