import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createSaveFile } from '../../adapters/save-file.ts';

test('a text becomes a file of its folder, whatever its name says of others', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-save-'));
  try {
    const save = createSaveFile(path.join(folder, 'made'));
    expect(await save('../../page.html', 'first')).toBe(path.join(folder, 'made', 'page.html'));
    const file = await save('page.html', 'second ✓');
    expect(readFileSync(file, 'utf8')).toBe('second ✓');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
