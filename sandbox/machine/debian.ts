import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from '../../adapters/run-process.ts';

/** The Debian that tests make machines and images of. */
export const DEBIAN = 'bookworm';

const APT_SOURCES = '/etc/apt/sources.list.d';
const STEP_TIMEOUT_MS = 10 * 60_000;

/** Makes a minimal Debian with these packages in a folder, by debootstrap from the machine's own mirror. Needs root. */
export async function makeDebian(root: string, packages: readonly string[]): Promise<void> {
  const mirror = findMirror();
  const args = ['--variant=minbase', `--include=${packages.join(',')}`, DEBIAN, root];
  await runStep('debootstrap', [...args, ...(mirror === undefined ? [] : [mirror])]);
}

/** What sources.list must say in such a Debian to find packages: nothing in it names a mirror by itself. Empty where none is known. */
export function describeAptSource(): string {
  const mirror = findMirror();
  return mirror === undefined ? '' : `deb ${mirror} ${DEBIAN} main\n`;
}

/** Runs a program to its end; throws with its last lines where that is not well. */
export async function runStep(command: string, args: readonly string[]): Promise<void> {
  const end = await runProcess({ command, args, cwd: '/', env: process.env, timeoutMs: STEP_TIMEOUT_MS });
  if (end.code !== 0)
    throw new Error(`${command} failed: ${[...end.stdout, ...end.stderr].slice(-5).join(' ')}`);
}

/** The mirror of the machine's own sources that has the suite; debootstrap's default when the machine has none. */
function findMirror(): string | undefined {
  const files = existsSync(APT_SOURCES)
    ? readdirSync(APT_SOURCES).map((name) => join(APT_SOURCES, name))
    : [];
  const text = ['/etc/apt/sources.list', ...files]
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'));
  for (const stanza of text.join('\n\n').split(/\n\s*\n/)) {
    const suites = /^Suites:(?<suites>.*)$/m.exec(stanza)?.groups?.['suites'] ?? '';
    const uri = /^URIs:\s*(?<uri>\S+)/m.exec(stanza)?.groups?.['uri'];
    if (uri !== undefined && suites.trim().split(/\s+/).includes(DEBIAN)) return uri;
  }
  return new RegExp(`^deb\\s+(?:\\[.*\\]\\s+)?(?<uri>\\S+)\\s+${DEBIAN}\\s`, 'm').exec(text.join('\n'))
    ?.groups?.['uri'];
}
