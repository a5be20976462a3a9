import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { countMemoryKills } from '../../adapters/box/count-memory-kills.ts';

test('reads what the kernel counts, and nothing where it does not', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-vmstat-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'vmstat');
  writeFileSync(file, 'pgfault 1\noom_kill 3\nthp 2\n');
  expect(await countMemoryKills(file)).toBe(3);
  expect(await countMemoryKills(path.join(folder, 'none'))).toBe(0);
});
