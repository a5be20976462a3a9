import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine, plainLines } from '../../../core/report/plain-text.ts';
import { commandsIn, HOSTILE_TEXTS, hasControl } from './hostile-texts.ts';

describe('a text from elsewhere in a log', () => {
  it.each(HOSTILE_TEXTS.map((text) => [text]))('shows %j and lets it do nothing', (text) => {
    for (const plain of [plainLine(text), plainLines(text)]) {
      expect(commandsIn(plain)).toEqual([]);
      expect(hasControl(plain)).toBe(false);
      expect(plain.isWellFormed()).toBe(true);
    }
    expect(plainLine(text)).not.toContain('\n');
  });

  it('is read as the runner reads it by these tests: the texts are commands where nobody makes them plain', () => {
    expect(HOSTILE_TEXTS).toHaveLength(135);
    expect(HOSTILE_TEXTS.filter((text) => commandsIn(text).length > 0).length).toBeGreaterThan(35);
  });

  it('stays what it is where it is only text', () => {
    for (const text of ['a::b, C++', 'EU: 3 %', '\tindented', '## [x]', 'été 模型 🚆'])
      expect(plainLine(text)).toBe(text);
    expect(plainLines('one\r\n  two\n')).toBe('one\n  two\n');
    expect(plainLine('two\n\n lines\n')).toBe('two lines ');
  });

  it('is no command, whatever it is made of', () => {
    const parts = fc.constantFrom(
      ':',
      '::',
      '#',
      '##',
      '[',
      ']',
      ' ',
      '\r',
      '\n',
      '\u0007',
      '\u001b[',
      '\u009b',
      'm',
      'a',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string({ unit: 'binary' })), { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        expect(commandsIn(plainLine(text))).toEqual([]);
        expect(commandsIn(plainLines(text))).toEqual([]);
        expect(hasControl(plainLines(text))).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('takes time in proportion to its length', () => {
    const began = performance.now();
    plainLine(`${' '.repeat(300_000)}x${'\u001b]'.repeat(100_000)}`);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
