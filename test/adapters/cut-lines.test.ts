import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutLines } from '../../adapters/cut-lines.ts';

function linesOf(pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const { add, end } = cutLines((line) => lines.push(line));
  for (const piece of pieces) add(piece);
  end();
  return lines;
}

test('lines are those of the whole text, wherever it is cut into pieces', () => {
  const piece = fc.oneof(fc.constantFrom('\r', '\n', '\r\n', ''), fc.string());
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const whole = text === '' ? [] : text.replace(/(?:\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/);
      expect(linesOf(pieces)).toEqual(whole);
    }),
  );
});

test('a line too long is told by its beginning, and how much more there was', () => {
  const pieces = Array.from({ length: 100 }, () => 'x'.repeat(10_000));
  const [line = '', next] = linesOf([...pieces, '\nnext']);
  expect(line).toHaveLength(65_536 + '… and 934464 characters more'.length);
  expect(line).toMatch(/x… and 934464 characters more$/);
  expect(next).toBe('next');
});
