import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commentMarker } from '../../../core/report/comment-marker.ts';
import { escapeMarkdown } from '../../../core/report/escape-markdown.ts';
import { limitOf, type Place } from '../../../core/report/limits.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { type Block, type Report, type Text, tableOfFacts } from '../../../core/report/report.ts';

const RUN = 'https://github.com/acme/digits/actions/runs/1';
const COMMENT: Place = { kind: 'comment', runUrl: RUN };
const PLACES: readonly Place[] = [
  { kind: 'summary' },
  COMMENT,
  { kind: 'section', runUrl: RUN },
  { kind: 'issue', runUrl: RUN },
];

const report: Report = {
  sign: 'promoted',
  about: 'mnist v8',
  blocks: [
    { kind: 'paragraph', text: [{ kind: 'strong', text: 'Promoted after 2 h without harm.' }] },
    tableOfFacts([
      ['Version', 'v8 (was v7)'],
      ['Package', '`mnist@sha256:ab`'],
    ]),
    { kind: 'heading', text: 'Stages' },
    {
      kind: 'table',
      columns: ['Stage', { title: 'Errors', align: 'right' }],
      rows: [
        ['1 %', '2/300'],
        ['100 %', '13/59 900'],
      ],
    },
    {
      kind: 'details',
      title: 'Why',
      blocks: [
        { kind: 'paragraph', text: 'No alarm.' },
        { kind: 'list', items: ['errors 1.1x', 'slow 0.9x'] },
        { kind: 'code', text: 'E = 3.2\n```\n' },
      ],
    },
    { kind: 'warning', text: ['Look at ', { kind: 'link', text: 'the run', url: RUN }, '.'] },
  ],
  foot: [{ kind: 'list', items: ['`/rollback` returns to v7'] }],
};

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('<!--', '-->', '</details>', '|', '`', '``|', '\n', '@a', '\\', '\\|', '<script>'),
  fc.constantFrom('<!-- trainyard:end deploy -->', '#12', 'GH-7', 'www.x.de', 'http://x.de', '[a](http://b)'),
  fc.constantFrom(
    '# a',
    '> a',
    '- ',
    '+ a',
    '1. a',
    '---',
    '===',
    '```',
    '~~~',
    '~~a~~',
    '**a**',
    '_a_',
    '$a$',
  ),
  fc.constantFrom(
    '![a](b)',
    '[a]: http://b',
    '&lt;',
    '&#64;a',
    '<',
    '>',
    '@',
    '#',
    '1',
    ' ',
    'https:',
    '//a.b',
  ),
);
const anyLine: fc.Arbitrary<Text> = fc.oneof(
  anyText,
  fc.array(
    fc.oneof(
      anyText,
      fc.record({ kind: fc.constantFrom('strong' as const, 'code' as const), text: anyText }),
      fc.record({ kind: fc.constant('link' as const), text: anyText, url: fc.constantFrom(RUN, 'data:x') }),
    ),
    { maxLength: 4 },
  ),
);
const anyLeaf: fc.Arbitrary<Block> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('heading' as const, 'paragraph' as const, 'warning' as const),
    text: anyLine,
  }),
  fc.record({ kind: fc.constant('list' as const), items: fc.array(anyLine, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.tuple(anyText, anyText),
    rows: fc.array(fc.tuple(anyLine, anyLine), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('code' as const), text: anyText }),
);
const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  { weight: 4, arbitrary: anyLeaf },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('details' as const),
      title: anyText,
      blocks: fc.array(anyLeaf, { maxLength: 3 }),
    }),
  },
);
const anyReport: fc.Arbitrary<Report> = fc.record({
  sign: fc.constantFrom('planned' as const, 'failed' as const),
  about: anyText,
  blocks: fc.array(anyBlock, { maxLength: 5 }),
  foot: fc.array(anyBlock, { maxLength: 2 }),
});

describe('a report in Markdown', () => {
  it('begins with what was decided and ends with what can be done', () => {
    expect(renderMarkdown(report, COMMENT)).toBe(
      [
        '### 🚀 Promoted: mnist v8',
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
        '|---|---:|',
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
        '> [!WARNING]',
        '> Look at [the run](https://github.com/acme/digits/actions/runs/1).',
        '',
        '- `/rollback` returns to v7',
        '',
        '<sub>[Workflow run](https://github.com/acme/digits/actions/runs/1)</sub>',
      ].join('\n'),
    );
  });

  it('is cut to its limit from the last block on, says so, and keeps head and foot', () => {
    const blocks = Array.from(
      { length: 200 },
      (_, index): Block => ({
        kind: 'details',
        title: `Section ${index}`,
        blocks: [{ kind: 'paragraph', text: 'x'.repeat(1_000) }],
      }),
    );
    const text = renderMarkdown({ ...report, blocks }, COMMENT);
    const { most } = limitOf(COMMENT);
    expect(text.length).toBeLessThanOrEqual(most);
    expect(text.length).toBeGreaterThan(most - 2_000);
    expect(text).toContain('Section 0');
    expect(text).not.toContain('Section 199');
    expect(text).toContain(
      `_Cut to fit a comment: 144 of 201 parts are left out or shortened. The whole report is in the summary of the [workflow run](${RUN})._`,
    );
    expect(text).toContain('- `/rollback` returns to v7');
  });

  it('loses rows of a table, items of a list and lines of code from the end, and closes what it began', () => {
    const many = Array.from({ length: 9_000 }, (_, index) => `row ${index} of them`);
    const long: readonly Block[] = [
      { kind: 'table', columns: ['a', 'b'], rows: many.map((text) => [text, text]) },
      { kind: 'list', items: many },
      { kind: 'code', text: many.join('\n') },
    ];
    for (const block of long) {
      const text = renderMarkdown({ ...report, blocks: [block] }, COMMENT);
      expect(text).toContain('row 0 of them');
      expect(text).not.toContain('row 8999 of them');
      expect(text).toContain('1 of 2 parts');
      expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
    }
  });

  it('shows the beginning of a text that is too long alone, and no half of a character', () => {
    for (const place of PLACES) {
      const blocks: readonly Block[] = [{ kind: 'paragraph', text: '🐤'.repeat(400_000) }];
      const text = renderMarkdown({ ...report, about: '🐤'.repeat(400_000), blocks }, place);
      const { most, measure } = limitOf(place);
      expect(measure(text)).toBeLessThanOrEqual(most);
      expect(text.match(/🐤…/g)).toHaveLength(2);
      expect(text.isWellFormed()).toBe(true);
    }
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
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 5 }), anyText, (cells, title) => {
        const joined = cells.join('');
        const rendered = renderMarkdown(
          {
            sign: 'planned',
            about: title,
            blocks: [
              { kind: 'paragraph', text: joined },
              tableOfFacts([[title, joined]]),
              {
                kind: 'details',
                title,
                blocks: [
                  { kind: 'table', columns: ['a', 'b'], rows: [[joined, title]] },
                  { kind: 'code', text: joined },
                ],
              },
            ],
          },
          { kind: 'summary' },
        );
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

  it('lets no text do anything, wherever it stands in a report', () => {
    fc.assert(
      fc.property(anyReport, fc.constantFrom(...PLACES), (any, place) => {
        const rendered = renderMarkdown(any, place);
        expect(rendered).not.toContain('<!-- trainyard:');
        const outside = withoutCodeSpans(withoutCodeBlocks(rendered));
        const ours = /<\/?(?:details|summary|sub)>/g;
        expect(outside.replaceAll(ours, '')).not.toMatch(/<[a-z!/?]/i);
        expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length);
        expect(outside).not.toMatch(/@[a-z0-9]|#\d|(?<![a-z0-9])(?:GH-\d|www\.)/i);
        // Inside the summary of a fold there is no Markdown.
        const marked = outside.replaceAll(/<summary>.*/g, '').replaceAll(`](${RUN})`, ']');
        expect(marked).not.toMatch(/https?:\/\/|(?<!\\)\]\(/);
        expect(marked).not.toMatch(/^(?:\s*(?:>(?! )|#(?!##)|=+$|---+$)|\d+[.)]\s|[-+] [-+] )/m);
        expect(marked.replaceAll(/\\./g, '')).not.toMatch(/[~$_]|(?<!\*)\*(?!\*)/);
      }),
      { numRuns: 500 },
    );
  });

  it('fits its place and closes what it begins, however much there is of it', () => {
    fc.assert(
      fc.property(anyReport, fc.constantFrom(...PLACES.slice(1)), fc.nat(40), (any, place, times) => {
        const blocks = Array.from({ length: times }, () => any.blocks).flat();
        const wide = blocks.map((block) => (block.kind === 'list' ? repeat(block, 300) : block));
        const rendered = renderMarkdown({ ...any, blocks: wide }, place);
        const { most, measure } = limitOf(place);
        expect(measure(rendered)).toBeLessThanOrEqual(most);
        expect(rendered.isWellFormed()).toBe(true);
        const outside = withoutCodeBlocks(rendered);
        expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length);
        expect(rendered.endsWith('</sub>')).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('links nowhere but to the web', () => {
    const text: Text = [{ kind: 'link', text: 'x', url: 'javascript:alert(1)' }];
    const blocks: readonly Block[] = [{ kind: 'paragraph', text }];
    expect(renderMarkdown({ sign: 'planned', blocks }, COMMENT)).not.toContain('javascript');
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

/** The cells of a table row: pipes that no backslash keeps. */
function countCells(row: string): number {
  return row.replaceAll(/\\./g, '').split('|').length - 2;
}

function withoutCodeBlocks(markdown: string): string {
  return markdown.replaceAll(/^(`{3,})text\n[\s\S]*?^\1$/gm, '');
}

function withoutCodeSpans(markdown: string): string {
  return markdown.replaceAll(/\\.|`[^`\n]+`/g, (match) => (match.startsWith('`') ? 'code' : match));
}

function repeat<T extends { readonly items: readonly Text[] }>(list: T, times: number): T {
  return { ...list, items: Array.from({ length: times }, () => list.items).flat() };
}
