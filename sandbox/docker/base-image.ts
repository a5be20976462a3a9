import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runProcess } from '../../adapters/run-process.ts';
import { messageOf } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Engine } from './engine.ts';

/** What the base image is made of. Its tag is a digest of this, so that a change makes another image. */
const SUITE = 'bookworm';
const PACKAGES = ['python3', 'python3-venv', 'ca-certificates', 'openjdk-17-jre-headless'];
const BASE_ID = createHash('sha256')
  .update([SUITE, ...PACKAGES].join(' '))
  .digest('hex')
  .slice(0, 12);
/** The tag of the base image in the engine. */
const BASE_IMAGE = `trainyard/base:${SUITE}-${BASE_ID}`;
/** What a running system needs none of, relative to the root. */
const DROPPED = [
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
];
const STEP_TIMEOUT_MS = 10 * 60_000;
const APT_SOURCES = '/etc/apt/sources.list.d';

/**
 * Makes sure the engine has the base image of the tests: a minimal Debian with Python and a JVM, by debootstrap from the machine's own
 * mirror, since no registry can be assumed. Needs root. Gives the image's tag; one line that says why where none can be made, or
 * where this machine does not let the engine run it.
 */
export async function makeBaseImage(engine: Engine, folder: string): Promise<Result<string, string>> {
  try {
    const images = await engine.docker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}']);
    if (!images.includes(BASE_IMAGE)) await importBase(engine, folder);
    await engine.docker(['run', '--rm', '--network', 'none', BASE_IMAGE, 'true']);
    return ok(BASE_IMAGE);
  } catch (thrown) {
    return err(`no Docker Engine that can run containers: ${messageOf(thrown)}`);
  }
}

/** What sources.list must say for a container of the base image to find packages, since the image itself names no mirror; empty where none is known. */
export function describeAptSource(): string {
  const mirror = findMirror();
  return mirror === undefined ? '' : `deb ${mirror} ${SUITE} main\n`;
}

async function importBase(engine: Engine, folder: string): Promise<void> {
  const tarball = join(folder, `base-${BASE_ID}.tar`);
  try {
    await makeTarball(folder, tarball);
    await engine.docker(['import', tarball, BASE_IMAGE]);
  } finally {
    rmSync(tarball, { force: true });
  }
}

async function makeTarball(folder: string, tarball: string): Promise<void> {
  process.stdout.write(`trainyard: making a Debian ${SUITE} base image: about a minute\n`);
  mkdirSync(folder, { recursive: true });
  const root = mkdtempSync(join(folder, 'root-'));
  const mirror = findMirror();
  try {
    const packages = `--include=${PACKAGES.join(',')}`;
    await run('debootstrap', [
      '--variant=minbase',
      packages,
      SUITE,
      root,
      ...(mirror === undefined ? [] : [mirror]),
    ]);
    // The sources name the machine's mirror, which has no business in an image.
    const dropped = [...DROPPED, 'etc/apt/sources.list'].map((path) => `--exclude=./${path}/*`);
    await run('tar', [
      '--create',
      '--file',
      tarball,
      '--directory',
      root,
      ...dropped,
      '--exclude=./etc/apt/sources.list',
      '.',
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
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
    if (uri !== undefined && suites.trim().split(/\s+/).includes(SUITE)) return uri;
  }
  return new RegExp(`^deb\\s+(?:\\[.*\\]\\s+)?(?<uri>\\S+)\\s+${SUITE}\\s`, 'm').exec(text.join('\n'))
    ?.groups?.['uri'];
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const end = await runProcess({ command, args, cwd: '/', env: process.env, timeoutMs: STEP_TIMEOUT_MS });
  if (end.code !== 0)
    throw new Error(`${command} failed: ${[...end.stdout, ...end.stderr].slice(-5).join(' ')}`);
}
