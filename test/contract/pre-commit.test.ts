import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { COMMANDS } from '../../cli/commands.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const hooksSchema = z.array(
  z.strictObject({
    ...{ id: z.string(), name: z.string(), description: z.string(), entry: z.string() },
    ...{ language: z.literal('script'), files: z.string(), pass_filenames: z.literal(false) },
  }),
);
const [hook, ...others] = hooksSchema.parse(
  parse(readFileSync(path.join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')),
);

test('the hook of pre-commit runs the command line as it is committed', () => {
  expect([hook?.id, others]).toEqual(['trainyard-check', []]);
  const [program = '', command] = hook?.entry.split(' ') ?? [];
  accessSync(path.join(ROOT, program), constants.X_OK);
  expect(COMMANDS.map(({ name }) => name)).toContain(command);
});

test.each([
  ['trainyard.yml', true],
  ['ml/trainyard-faces.yaml', true],
  ['ml/MLproject', true],
  ['.github/workflows/ci.yml', true],
  ['data/holdout.csv', true],
  ['README.md', false],
  ['train.py', false],
])('and looks when %s changes: %s', (file, looks) => {
  expect(new RegExp(hook?.files ?? '^$').test(file)).toBe(looks);
});
