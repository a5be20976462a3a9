import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../sandbox/checkout.ts';

test('what is generated in the documents is what the code gives: run `npm run docs`', () => {
  const script = path.join(ROOT, 'scripts', 'docs.ts');
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stdout, stderr).toBe('');
  expect(status).toBe(0);
});
