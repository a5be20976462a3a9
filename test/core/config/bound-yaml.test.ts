import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePolicy } from '../../../core/config/compare-policy.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';

const codesOf = (text: string): readonly string[] => {
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: {} });
  return parsed.ok ? [] : [...new Set(parsed.error.map(({ code }) => code))];
};
const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: 1`).join('\n');

describe('a configuration that nobody would write', () => {
  test.each([
    ['of many bytes', `# ${'x'.repeat(70_000)}\n`, 'config-too-large'],
    ['of wide characters', `# ${'模'.repeat(30_000)}\n`, 'config-too-large'],
    ['of many keys', keys(6_000), 'config-too-many'],
    ['of many items', `a: [${'1,'.repeat(6_000)}]`, 'config-too-many'],
    ['of lists in lists', `a: ${'['.repeat(20_000)}`, 'config-too-deep'],
    ['of mappings in mappings', `a: ${'{a: '.repeat(10_000)}`, 'config-too-deep'],
    ['of dashes in a line', `${'- '.repeat(10_000)}a`, 'config-too-deep'],
    ['of questions in a line', `${'? '.repeat(10_000)}a`, 'config-too-deep'],
    [
      'indented without end',
      Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      'config-too-deep',
    ],
    ['with a long value', `a: ${'x'.repeat(5_000)}`, 'config-value-too-long'],
    ['of variables in variables', `a: ${'${A:-'.repeat(10_000)}`, 'config-value-too-long'],
    [
      'of aliases of aliases',
      'a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n',
      'yaml-syntax',
    ],
  ])('is refused by name before it is made into values: %s', (_what, text, code) => {
    const began = performance.now();
    expect(codesOf(text)).toEqual([code]);
    expect(comparePolicy('version: 1\nmonitor: { every: 1h }\n', text)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(8_000);
  });

  test('costs no more than its size, whatever it is made of', () => {
    const part = fc.constantFrom(
      '[',
      '{',
      '- ',
      '? ',
      ': ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '"',
      "'",
      '|\n',
      '${A:-',
      '!!x ',
      'k: 1\n',
      ', ',
    );
    const text = fc
      .tuple(fc.array(part, { maxLength: 6 }), fc.integer({ min: 1, max: 20_000 }))
      .map(([parts, times]) => parts.join('').repeat(times).slice(0, 200_000));
    fc.assert(
      fc.property(text, (yaml) => {
        const began = performance.now();
        codesOf(yaml);
        expect(performance.now() - began).toBeLessThan(8_000);
      }),
      { numRuns: 40 },
    );
  });
});
