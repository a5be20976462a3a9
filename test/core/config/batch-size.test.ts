import { expect, test } from 'vitest';
import { MINIMAL, parse, problemsOf } from './read-text.ts';

const withSize = (written: string) => `${MINIMAL}serving: { batch-size: ${written} }\n`;

test.each([
  ['auto', 'auto'],
  ['1', 1],
  ['4096', 4_096],
])('a batch size is a number or found by the build: %s', (written, read) => {
  expect(parse(withSize(written)).serving.settings.batchSize).toBe(read);
});

test.each([
  ['0', 'must be at least 1.'],
  ['4097', 'must be at most 4096.'],
  ['1.5', 'must be a whole number'],
  ['Auto', 'must be a whole number from 1 to 4096, or `auto`'],
  ['"8"', 'must be a whole number from 1 to 4096, or `auto`'],
])('%s is refused: it %s', (written, message) => {
  expect(problemsOf(withSize(written))).toMatchObject([
    { message: expect.stringContaining(`\`serving.batch-size\` ${message}`) },
  ]);
});
