import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { linesOf, runGit } from '../../adapters/git/run.ts';
import type { Composed } from './compose-files.ts';

const TIMEOUT_MS = 10_000;

/** What a file would lose and gain, as git shows it, without its heading. */
export async function showDifference({ now = '', text }: Composed): Promise<readonly string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'trainyard-init-'));
  try {
    await writeFile(path.join(folder, 'now'), now);
    await writeFile(path.join(folder, 'then'), text);
    const args = ['diff', '--no-index', '--no-color', '--unified=1', 'now', 'then'];
    const lines = linesOf(await runGit({ folder, args, timeoutMs: TIMEOUT_MS }));
    return lines.slice(lines.findIndex((line) => line.startsWith('@@')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
