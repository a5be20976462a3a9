import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ATTACKERS } from '../../measure/attack/attempts.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const page = readFileSync(path.join(ROOT, 'docs', 'security.md'), 'utf8');
const claims = page
  .slice(page.indexOf('| Claim | Held by |'))
  .split('\n')
  .slice(2)
  .filter((line) => line.startsWith('|'));

test.each(claims)('names a test for %s', (claim) => {
  const [, , heldBy = ''] = claim.split('|');
  expect(heldBy).toMatch(/table|`test\//);
});

test('names no test that is not there', () => {
  const named = [...page.matchAll(/`(?<file>test\/[\w/.-]+\.test\.ts)` "(?<title>[^"]+)"/g)];
  expect(named.length).toBeGreaterThan(5);
  const missing = named.filter(({ groups }) => {
    const text = readFileSync(path.join(ROOT, groups?.['file'] ?? ''), 'utf8');
    return !text.includes(groups?.['title'] ?? '?');
  });
  expect(missing.map(([all]) => all)).toEqual([]);
});

test('README says how many attempts can only be found', () => {
  const found = ATTACKERS.flatMap(([, attempts]) => attempts).filter(({ end }) => end === 'found');
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ');
  const number = ['none', 'one', 'two', 'three', 'four', 'five'][found.length];
  expect(readme).toContain(`; ${number} of them can't be stopped, and are found and named: `);
});
