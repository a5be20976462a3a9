import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** Words by which a sentence of a README promises safety, or says where it ends. */
const PROMISES =
  /\b(?:secrets?|tokens?|sign(?:ed|s|atures?)|trust(?:s|ed)?|forks?|privileges?|box(?:ed|es)?|TLS|loopback|forged?|attack\w*|malicious|passwords?|credentials?|attested)\b/i;

/**
 * Pages, and a heading whose section is about nothing else. Tables of operations say what to do about what; those of models, what the
 * signature of a model is. Runners, SECURITY.md and the page itself have tables of their own.
 */
const PAGES = [
  { file: 'README.md', section: undefined },
  { file: 'agent/README.md', section: '## Security' },
  ...['answers', 'architecture', 'commands', 'configuration', 'ledger', 'network', 'search'].map((page) => ({
    file: `docs/${page}.md`,
    section: undefined,
  })),
  { file: 'docs/operations.md', section: undefined, isProse: true },
];

/** The sentences of prose: no code, no generated tables. */
function sentencesOf(text: string): readonly string[] {
  return text
    .replaceAll(/```.*?```/gs, '')
    .replaceAll(/<!-- \w+:begin -->.*?<!-- \w+:end -->/gs, '')
    .split(/\n\n|\n(?=[|\-#])/)
    .flatMap((paragraph) =>
      paragraph
        .replaceAll(/\s+/g, ' ')
        .trim()
        .split(/(?<=\.)\s+(?=[A-Z`*])/),
    )
    .filter((sentence) => sentence !== '');
}

/** The table of docs/security.md: where it is said, how the sentence goes, and what holds it. */
const rows = read('docs/security.md')
  .split('<!-- sentences -->\n')[1]
  ?.split('\n\n')[0]
  ?.split('\n')
  .slice(2)
  .map((line) => {
    const [, where = '', says = '', heldBy = ''] = line.split('|').map((cell) => cell.trim());
    return { where: where.replaceAll('`', ''), says, heldBy };
  });

describe.each(PAGES)('each security sentence of $file', ({ file, section, isProse = false }) => {
  const text = isProse ? read(file).replaceAll(/^\|.*\n/gm, '') : read(file);
  const own = section === undefined ? [] : sentencesOf(text.split(section)[1]?.split('\n## ')[0] ?? '');
  const said = [...new Set([...own, ...sentencesOf(text).filter((sentence) => PROMISES.test(sentence))])];

  test('is one of several', () => {
    expect(said.length).toBeGreaterThan(file === 'agent/README.md' ? 15 : 0);
  });

  test.each(said)('has what holds it in docs/security.md: %s', (sentence) => {
    expect(rows?.filter(({ where, says }) => where === file && sentence.includes(says))).not.toEqual([]);
  });
});

describe('what is held', () => {
  test.each(rows ?? [])('is still said by $where: $says', ({ where, says, heldBy }) => {
    expect(read(where).replaceAll(/\s+/g, ' ')).toContain(says);
    expect(heldBy).toMatch(/`test\/|^a limit/);
  });

  test.each(
    ['SECURITY.md', 'docs/runners.md', 'docs/security.md'].flatMap((file) =>
      [...new Set(read(file).match(/`test\/[\w/.-]+\.(?:test\.ts|py)`/g))].map(
        (named) => [file, named] as const,
      ),
    ),
  )('by a test that is there: %s names %s', (_, named) => {
    expect(existsSync(path.join(ROOT, named.replaceAll('`', '')))).toBe(true);
  });

  test.each([
    ['SECURITY.md', '| | Held by |'],
    ['docs/runners.md', '| Claim | Test |'],
  ])('by a test in every row of %s', (file, head) => {
    const [, table = ''] = read(file).split(head);
    const claims = table.split('\n\n')[0]?.split('\n').slice(2) ?? [];
    expect(claims.length).toBeGreaterThan(5);
    expect(claims.filter((row) => row !== '' && !/`test\/[^|]*\|\s*$/.test(row))).toEqual([]);
  });
});

test('tokens are compared in constant time: no request can show that, so the code is read', () => {
  expect(read('agent/api/authorize.ts')).toMatch(/timingSafeEqual\(known\.hash, hash\)/);
});
