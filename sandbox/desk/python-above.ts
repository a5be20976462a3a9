import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Says, in the environment itself, what it was made from. */
const STAMP = 'made-from';
const SITE = 'import sysconfig; print(sysconfig.get_path("purelib"))';

/** A Python, and the folder of packages that it shares with the one below it. */
type PythonAbove = { readonly python: string; readonly shared: string };

/**
 * An environment above that of `base`: it has all packages of that one, and beside them what the requirement files name, which come first.
 * It stays in `folder` and is made again when a file has changed. Throws an Error that says what pip could not do.
 */
export function makePythonAbove(
  base: string,
  folder: string,
  requirements: readonly string[],
  say: (line: string) => void,
): PythonAbove {
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const shared = run(base, '-c', SITE);
  const python = path.join(folder, 'bin', 'python');
  const stamp = path.join(folder, STAMP);
  const digest = createHash('sha256').update(shared);
  for (const file of requirements) digest.update('\0').update(readFileSync(file));
  const made = digest.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === made) return { python, shared };
  say(`Installing ${requirements.map((file) => path.basename(file)).join(', ')} for runner and hosts.`);
  rmSync(folder, { recursive: true, force: true });
  run(base, '-m', 'venv', '--without-pip', folder);
  // Packages of the lower environment count as installed, and stand behind those of this one.
  writeFileSync(path.join(run(python, '-c', SITE), 'below.pth'), `${shared}\n`);
  const files = requirements.flatMap((file) => ['--requirement', file]);
  try {
    run(base, '-m', 'pip', '--python', python, 'install', '--quiet', '--disable-pip-version-check', ...files);
  } catch (thrown) {
    const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim() : '';
    throw new Error(`pip could not install ${requirements.join(', ')}: ${said}`, { cause: thrown });
  }
  writeFileSync(stamp, made);
  return { python, shared };
}
