import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { DEBIAN, makeDebian, runStep } from '../machine/debian.ts';
import type { Engine } from './engine.ts';

/** What the base image is made of. Its tag is a digest of this, so that a change makes another image. */
const PACKAGES = ['python3', 'python3-venv', 'ca-certificates', 'openjdk-17-jre-headless'];
const BASE_ID = createHash('sha256')
  .update([DEBIAN, ...PACKAGES].join(' '))
  .digest('hex')
  .slice(0, 12);
/** The tag of the base image in the engine. */
const BASE_IMAGE = `trainyard/base:${DEBIAN}-${BASE_ID}`;
/** What a running system needs none of, relative to the root. */
const DROPPED = [
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
];

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
  process.stdout.write(`trainyard: making a Debian ${DEBIAN} base image: about a minute\n`);
  mkdirSync(folder, { recursive: true });
  const root = mkdtempSync(join(folder, 'root-'));
  try {
    await makeDebian(root, PACKAGES);
    // The sources name the machine's mirror, which has no business in an image.
    const dropped = [...DROPPED, 'etc/apt/sources.list'].map((path) => `--exclude=./${path}/*`);
    await runStep('tar', [
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
