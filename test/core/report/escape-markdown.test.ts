import { describe, expect, it } from 'vitest';
import { commentMarker } from '../../../core/report/comment-marker.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';

describe('a text from elsewhere', () => {
  it.each([
    ['<!-- trainyard:mnist -->', '&lt;!-- trainyard:mnist --&gt;'],
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['a | b', 'a \\| b'],
    ['`a|b`', '`a\\|b`'],
    ['[x](javascript:alert(1))', '\\[x\\](javascript:alert(1))'],
    ['@acme/admins', '@\u200bacme/admins'],
    ['fixes #12', 'fixes \\#\u200b12'],
    ['two\n\nlines', 'two lines'],
    ['*bold* _it_', '\\*bold\\* \\_it\\_'],
    ['https://evil.example', 'https:\u200b//evil.example'],
    ['\u202etxt.exe', 'txt.exe'],
    ['\u001b[31mred', 'red'],
    ['`<!-- trainyard:x -->`', '\\`&lt;!-- trainyard:x --&gt;\\`'],
    ['`a\\|b`', '\\`a\\\\\\|b\\`'],
    ['stray ` tick', 'stray \\` tick'],
  ])('shows %j and lets it do nothing', (text, shown) => {
    expect(escapeMarkdown(text)).toBe(shown);
  });

  it('leaves two numbers in brackets as they are, and no other brackets', () => {
    expect(escapeMarkdown('1.8x [0.9, 4.5] (99%)')).toBe('1.8x [0.9, 4.5] (99%)');
    expect(escapeMarkdown('[−0.13 pp, +0.72 pp]')).toBe('[−0.13 pp, +0.72 pp]');
    for (const link of ['[1, 2](http)', '[1, 2]: x', '[1, 2][x]', '[1, a]', '[x]', '[ ]', '[^1]'])
      expect(escapeMarkdown(link).startsWith('\\[')).toBe(true);
  });

  it('cannot have its marker closed early', () => {
    expect(commentMarker('a --> <b>')).toBe('<!-- trainyard:a - b -->');
  });
});
