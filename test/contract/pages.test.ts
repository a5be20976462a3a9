import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';
import { findPages, forSite } from '../../sandbox/pages/gather-pages.ts';
import { commentPage } from '../../sandbox/pages/markdown-page.ts';

const PAGES = new Set(['README.md', 'docs/a.md', 'docs/b.md']);

test('the site links its own pages and pictures as they are, and everything else where the sources are', () => {
  const at = 'https://github.com/trainyard/trainyard/blob/main';
  const text = '[b](b.md#x) [home](../README.md) [code](../core/errors.ts) [web](https://x.org) [here](#y)';
  expect(forSite('docs/a.md', text, PAGES)).toBe(text.replace('../core', `${at}/core`));
  const picture = '<img src="docs/pictures/page-light.webp"> <img src="core/x.svg">';
  expect(forSite('README.md', picture, PAGES)).toBe(picture.replace('"core', `"${at}/core`));
});

test('all documents of the repository are pages, and nothing of the tools', () => {
  const pages = findPages(ROOT);
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/how-to/index.md', 'cli/README.md']));
  expect(pages.filter((file) => /node_modules|^test|\.trainyard/.test(file))).toEqual([]);
});

test('the site is made of exact versions', () => {
  const lines = readFileSync(path.join(ROOT, 'docs', 'requirements.txt'), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  expect(lines.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
});

test('a comment is shown as GitHub shows it: without its marks, with its table, links and details', () => {
  const html = commentPage(
    'bot',
    [
      '<!-- trainyard:flats/comment-1 -->',
      '### ✅ **Passed**: `mae`',
      '| Check | Need |',
      '|---|---:|',
      '| a \\[b\\] | <b> |',
      '',
      '- one',
      '- [two](https://x.org)',
      '<details><summary>More</summary>',
      '</details>',
      '<sub>small</sub>',
    ].join('\n'),
  );
  expect(html).not.toContain('trainyard:flats');
  expect(html).toContain('<h3>✅ <b>Passed</b>: <code>mae</code></h3>');
  expect(html).toContain('<tr><th>Check</th><th>Need</th></tr><tr><td>a [b]</td><td>&lt;b&gt;</td></tr>');
  expect(html).toContain('<ul><li>one</li><li><a href="https://x.org">two</a></li></ul>');
  expect(html).toContain('<details><summary>More</summary>');
  expect(html).toContain('<p><sub>small</sub></p>');
});
