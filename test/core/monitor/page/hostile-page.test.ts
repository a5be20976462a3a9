import { expect, test } from 'vitest';
import { renderMonitorPage } from '../../../../core/monitor/page/render-page.ts';
import { HOSTILE_TEXTS } from '../../report/hostile-texts.ts';
import { parsePage, parsePages } from './parse-page.ts';
import { pageOf } from './shop.ts';

/** What would run, load or send something, or be taken for the end of something. */
const ATTACKS = [
  '<script>alert(1)</script>',
  '</title><img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><link rel=stylesheet href=http://evil.example>',
  '`<b>`&lt;i&gt;&amp;',
  ']]><!-- <!--',
  'javascript:alert(1)',
  '{{constructor}} $& $1 $`',
  'a\u0000b\u202ec\uffffd\ud800e',
];
/** All that the page itself is made of. */
const own = parsePage(renderMonitorPage(pageOf()));
const OWN_TAGS = new Set(own.tags);
const OWN_ATTRIBUTES = new Set(own.attributes);

function hostilePage(text: string): string {
  const edges = [10, 20, 30];
  const subject = pageOf({
    features: [
      { name: text, kind: 'numeric', edges },
      { name: `${text}/projection-3`, kind: 'projection', edges },
      { name: 'country', kind: 'categorical', categories: [text, 'x'] },
    ],
    shifted: [text, `${text}/projection-3`],
    classes: [text, 'other'],
    explanation: text,
  });
  const { decision, input } = subject;
  const reason = { code: text, metric: text, message: text };
  return renderMonitorPage({
    ...subject,
    input: { ...input, environment: 'production', ledger: { ...input.ledger, model: text } },
    decision: { ...decision, explanation: text, reasons: [...decision.reasons, reason] },
    runUrl: text,
  });
}

const TEXTS = [...ATTACKS, ...HOSTILE_TEXTS];
const pages = parsePages(TEXTS.map(hostilePage));

test.each(TEXTS.map((text, index) => [text, index] as const))(
  '%j is a text wherever it stands, and nothing of the page',
  (_, index) => {
    const { tags = [], attributes = [], links = [] } = pages[index] ?? {};
    expect(tags).toContain('figure');
    expect(tags.filter((tag) => !OWN_TAGS.has(tag))).toEqual([]);
    expect(attributes.filter((name) => !OWN_ATTRIBUTES.has(name))).toEqual([]);
    expect(links.filter((link) => !/^https?:/.test(link))).toEqual([]);
  },
);

test('a hostile name is shown as it was written', () => {
  const { text, rows } = parsePage(hostilePage('<script>alert(1)</script>'));
  expect(text).toContain('<script>alert(1)</script>');
  expect(rows.map(([first]) => first)).toContain('<script>alert(1)</script>: picture statistics 3');
});

test('the page runs nothing and loads nothing', () => {
  const html = renderMonitorPage(pageOf());
  const { tags, attributes, links } = own;
  expect(html).toContain(
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>`,
  );
  expect(
    tags.filter((tag) => /script|link|img|iframe|object|embed|form|base|use|image|foreignobject/i.test(tag)),
  ).toEqual([]);
  expect(
    attributes.filter((name) => name.startsWith('on') || ['src', 'srcset', 'style', 'action'].includes(name)),
  ).toEqual([]);
  expect(links).toEqual(['https://github.com/shop/model/actions/runs/7']);
  expect(html).not.toMatch(/@import|url\(|@font-face/);
});
