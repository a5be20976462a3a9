import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import {
  commentMarker,
  MAX_COMMENT_CHARACTERS,
  renderMarkdown,
} from '../../../core/report/render-markdown.ts';
import { type Report, startReport } from '../../../core/report/report.ts';

const report: Report = {
  ...startReport('Rollout of mnist v8', 'Promoted after 2 h without harm.'),
  verdict: 'pass',
  facts: [
    ['Version', 'v8 (was v7)'],
    ['Package', '`mnist@sha256:ab`'],
  ],
  sections: [
    {
      title: 'Stages',
      open: true,
      table: {
        columns: ['Stage', 'Errors'],
        rows: [
          ['1 %', '2/300'],
          ['100 %', '13/59 900'],
        ],
      },
    },
    { title: 'Why', text: 'No alarm.', list: ['errors 1.1x', 'slow 0.9x'], code: 'E = 3.2\n```\n' },
  ],
  nextSteps: ['`/rollback` returns to v7'],
  links: [{ text: 'Run', url: 'https://github.com/acme/digits/actions/runs/1' }],
};

describe('a report in Markdown', () => {
  it('begins with what was decided and ends with what can be done', () => {
    expect(renderMarkdown(report, { marker: commentMarker('mnist/deploy/production') })).toBe(
      [
        '<!-- trainyard:mnist/deploy/production -->',
        '### ✅ Rollout of mnist v8',
        '',
        '**Promoted after 2 h without harm.**',
        '',
        '| | |',
        '|---|---|',
        '| Version | v8 (was v7) |',
        '| Package | `mnist@sha256:ab` |',
        '',
        '#### Stages',
        '',
        '| Stage | Errors |',
        '|---|---|',
        '| 1 % | 2/300 |',
        '| 100 % | 13/59 900 |',
        '',
        '<details><summary>Why</summary>',
        '',
        'No alarm.',
        '',
        '- errors 1.1x',
        '- slow 0.9x',
        '',
        '````text',
        'E = 3.2',
        '```',
        '````',
        '',
        '</details>',
        '',
        '**What you can do now**',
        '',
        '- `/rollback` returns to v7',
        '',
        '[Run](https://github.com/acme/digits/actions/runs/1)',
      ].join('\n'),
    );
  });

  it('is cut to its limit from the last section on, says so, and keeps head and links', () => {
    const sections = Array.from({ length: 200 }, (_, index) => ({
      title: `Section ${index}`,
      text: 'x'.repeat(1_000),
    }));
    const text = renderMarkdown({ ...report, sections }, { fullReport: 'https://github.com/acme/run/1' });
    expect(text.length).toBeLessThanOrEqual(MAX_COMMENT_CHARACTERS);
    expect(text.length).toBeGreaterThan(MAX_COMMENT_CHARACTERS - 2_000);
    expect(text).toContain('Section 0');
    expect(text).not.toContain('Section 199');
    expect(text).toContain('_Cut to fit. [The whole report](https://github.com/acme/run/1)_');
    expect(text.endsWith('[Run](https://github.com/acme/digits/actions/runs/1)')).toBe(true);
  });

  it('never grows past its limit, even when the head alone would', () => {
    const facts = Array.from({ length: 100 }, (_, index) => [`Fact ${index}`, 'y'.repeat(50)] as const);
    expect(renderMarkdown({ ...report, facts }, { limit: 1_000 }).length).toBeLessThanOrEqual(1_000);
  });

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

  it('keeps its shape whatever texts it is given', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('<!--', '-->', '</details>', '|', '`', '``|', '\n', '@a', '\\', '\\|', '<script>'),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), text, (cells, title) => {
        const joined = cells.join('');
        const rendered = renderMarkdown({
          ...startReport(title, joined),
          sections: [{ title, table: { columns: ['a', 'b'], rows: [[joined, title]] }, code: joined }],
          facts: [[title, joined]],
        });
        const outside = withoutCodeBlocks(rendered);
        expect(outside).not.toContain('<!--');
        expect(outside.match(/<[^>]*>/g)).toEqual(['<details>', '<summary>', '</summary>', '</details>']);
        const row = outside
          .split('\n')
          .find((line, index, lines) => lines[index - 1] === '|---|---|' && line !== '');
        expect(countCells(row ?? '')).toBe(2);
        expect(outside.replaceAll(/(?<!\\)`[^`]+`/g, '')).not.toMatch(/@[A-Za-z0-9]/);
      }),
      { numRuns: 300 },
    );
  });

  it('links nowhere but to the web', () => {
    const links = [{ text: 'x', url: 'javascript:alert(1)' }];
    expect(renderMarkdown({ ...startReport('t', 'h'), links })).not.toContain('javascript');
  });

  it('cannot have its marker closed early', () => {
    expect(commentMarker('a --> <b>')).toBe('<!-- trainyard:a - b -->');
  });
});

/** The cells of a table row: pipes that no backslash keeps. */
function countCells(row: string): number {
  return row.replaceAll(/\\./g, '').split('|').length - 2;
}

function withoutCodeBlocks(markdown: string): string {
  return markdown.replaceAll(/^(`{3,})text\n[\s\S]*?^\1$/gm, '');
}
