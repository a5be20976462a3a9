import { describe, expect, test } from 'vitest';
import { activeAtStart, activeInLine, activeInLog } from './active-in.ts';
import { fuzzTexts } from './fuzz-texts.ts';

test('of thousands of texts, none does anything wherever it is shown', () => {
  const seed = Date.now() % 2 ** 31;
  const { active, raw } = fuzzTexts(seed, 3_000);
  expect(active, `seed ${seed}`).toEqual([]);
  expect(raw).toBeGreaterThan(1_500);
});

describe('the reader of these tests', () => {
  test.each([
    '[a](http:x)',
    '![a](b)',
    '[a]: b',
    '<b>',
    '<!-- x',
    '*a*',
    '_a_',
    '~~a~~',
    '$a$',
    '@ada',
    '\\@ada',
    '#12',
    '\\#12',
    'GH-1',
    'https\\://x.de',
    'www.x.de',
    'a\nb',
    '\u202e',
    '\u001b[1m',
    '&#64;a',
    '[^1]',
  ])('sees that %j is more than text', (text) => {
    expect(activeInLine(text)).not.toEqual([]);
  });

  test.each(['# a', '> a', '- a', '+ a', '1. a', '2) a', '---', '===', '```', '~~~', '    a'])(
    'sees what %j begins',
    (text) => {
      expect(activeAtStart(text)).not.toEqual([]);
    },
  );

  test.each(['::error::x', '\u00a0 ::error::x', 'a ##[error]x', 'a\n::x::', '\u009b', '\ud800'])(
    'sees what a log does with %j',
    (text) => {
      expect(activeInLog(text)).not.toEqual([]);
    },
  );

  test.each(['`@ada #12 <b>`', 'a \\[b\\]\\(c)', '\\*a\\*', '[0.9, 4.5]', 'a @ b', '# ', '1.5', '-x'])(
    'leaves %j alone',
    (text) => {
      expect(activeInLine(text)).toEqual([]);
    },
  );
});
