import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitOf } from '../../../core/report/limits.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { type Text, tableOfFacts } from '../../../core/report/report.ts';
import { anyReport, anyText, PLACES, RUN } from './any-report.ts';

describe('any report', () => {
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
});

/** The cells of a table row: pipes that no backslash keeps. */
function countCells(row: string): number {
  return row.replaceAll(/\\./g, '').split('|').length - 2;
}

function withoutCodeBlocks(markdown: string): string {
  return markdown.replaceAll(/^(`{3,})(?:text|mermaid)\n[\s\S]*?^\1$/gm, '');
}

function withoutCodeSpans(markdown: string): string {
  return markdown.replaceAll(/\\.|`[^`\n]+`/g, (match) => (match.startsWith('`') ? 'code' : match));
}

function repeat<T extends { readonly items: readonly Text[] }>(list: T, times: number): T {
  return { ...list, items: Array.from({ length: times }, () => list.items).flat() };
}
