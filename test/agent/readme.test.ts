import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { insertTables } from '../../agent/readme-tables.ts';

test('the README lists every option and every path as they are', () => {
  const text = readFileSync('agent/README.md', 'utf8');
  expect(text).toBe(insertTables(text));
});
