import { describe, expect, it } from 'vitest';
import { limitOf, type Place } from '../../../core/report/limits.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { type Block, type Report, type Text, tableOfFacts } from '../../../core/report/report.ts';
import { PLACES, RUN } from './any-report.ts';

const COMMENT: Place = { kind: 'comment', runUrl: RUN };

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

  it('links nowhere but to the web', () => {
    const text: Text = [{ kind: 'link', text: 'x', url: 'javascript:alert(1)' }];
    const blocks: readonly Block[] = [{ kind: 'paragraph', text }];
    expect(renderMarkdown({ sign: 'planned', blocks }, COMMENT)).not.toContain('javascript');
  });
});
