import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** Runs git as somebody. */
export function git(folder: string, ...args: readonly string[]): string {
  const of = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];
  return execFileSync('git', [...of, ...args], { cwd: folder, encoding: 'utf8' }).trim();
}

/** A working copy with these files committed on `trunk`. */
export function createRepository(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-own-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  git(folder, 'init', '--quiet', '--initial-branch', 'trunk');
  commit(folder, files);
  return folder;
}

/** Commits these files and gives the commit. */
export function commit(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', 'Go on');
  return git(folder, 'rev-parse', 'HEAD');
}
