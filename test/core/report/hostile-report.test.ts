import { expect, it } from 'vitest';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import type { Report } from '../../../core/report/report.ts';
import { PLACES, RUN } from './any-report.ts';
import { HOSTILE_TEXTS, hasControl } from './hostile-texts.ts';

/** The same text wherever a report can show one, but for blocks of code. */
function reportOf(text: string): Report {
  return {
    sign: 'failed',
    about: text,
    blocks: [
      { kind: 'heading', text },
      { kind: 'paragraph', text: [text, { kind: 'strong', text }, { kind: 'code', text }] },
      { kind: 'warning', text },
      { kind: 'list', items: [text, [{ kind: 'link', text, url: RUN }]] },
      { kind: 'table', columns: [text, { title: text, align: 'right' }], rows: [[text, text]] },
      { kind: 'details', title: text, blocks: [{ kind: 'paragraph', text }] },
    ],
  };
}

const cases = HOSTILE_TEXTS.flatMap((text) => PLACES.map((place) => [text, place] as const));

it.each(cases)('a report lets %j do nothing in %o', (text, place) => {
  const rendered = renderMarkdown(reportOf(text), place);
  expect(hasControl(rendered)).toBe(false);
  expect(rendered).not.toContain('<!--');
  const outside = rendered.replaceAll(/\\.|`[^`\n]+`/g, '').replaceAll(`](${RUN})`, ']');
  expect(outside.replaceAll(/<\/?(?:details|summary|sub)>/g, '')).not.toMatch(/<[a-z!/?]/i);
  expect(outside.match(/<details>/g)).toHaveLength(1);
  expect(outside.match(/<\/details>/g)).toHaveLength(1);
  expect(outside).not.toMatch(/@[a-z0-9]|#\d|(?<![a-z0-9])(?:GH-\d|www\.)/i);
  expect(outside.replaceAll(/<summary>.*/g, '')).not.toMatch(/https?:\/\/|\$|\]\(|^\|.*\|.*\|.*\|.*\|$/m);
});

it.each(HOSTILE_TEXTS.map((text) => [text]))('a block of code keeps %j in its fence', (text) => {
  const rendered = renderMarkdown({ sign: 'failed', blocks: [{ kind: 'code', text }] }, { kind: 'summary' });
  expect(hasControl(rendered)).toBe(false);
  expect(rendered).not.toContain('<!--');
  expect(rendered).toMatch(/^### .*\n\n(?<fence>`{3,})text\n(?:(?!\k<fence>)[\s\S])*\n\k<fence>\n?$/);
});
