import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { COMMAND_LINE } from '../../core/names.ts';
import { ROOT } from '../../sandbox/checkout.ts';

test('the command line is named as it can be run, wherever it is named', () => {
  const listed = execFileSync('git', ['ls-files', '*.md', '*.ts', '*.yml', ':!*/dist/*'], { cwd: ROOT });
  const files = listed
    .toString()
    .split('\n')
    .filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
  const named = files.flatMap((file) =>
    [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/npx (?=\S*trainyard)[\w:/]+/g)].map(
      ([words]) => ({
        file,
        words,
      }),
    ),
  );
  expect(named.filter(({ words }) => words !== COMMAND_LINE)).toEqual([]);
  expect(new Set(named.map(({ file }) => file))).toContain('cli/README.md');
});

const manifest = z
  .object({
    name: z.string(),
    bin: z.record(z.string(), z.string()),
    scripts: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));

test('npx finds the program in the repository, and installs no tool of ours to run it', () => {
  expect(COMMAND_LINE.endsWith(`/${manifest.name}`)).toBe(true);
  expect(Object.keys(manifest.bin)).toEqual([manifest.name]);
  expect(existsSync(path.join(ROOT, manifest.bin[manifest.name] ?? 'none'))).toBe(true);
  // With any of these npm prepares a package from git with all that it is developed with.
  const preparing = ['postinstall', 'build', 'preinstall', 'install', 'prepack', 'prepare'];
  expect(Object.keys(manifest.scripts).filter((name) => preparing.includes(name))).toEqual([]);
});
