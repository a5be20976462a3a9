import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { PACKAGE_FILES } from '../../core/names.ts';
import type { RunCommand } from '../../core/ports.ts';
import { packageManifestSchema } from '../../core/serving/package-manifest.ts';
import { hashText } from '../data-digest.ts';
import { linesOf, runCommand } from '../run-command.ts';
import { buildImage, type ImageBuilderOptions, type ImageRequest } from './builder.ts';

const PROBE_TIMEOUT_MS = 30_000;

/** What the image is made from beside the archive in the package. */
type ImageSettings = Pick<ImageRequest, 'base' | 'requirements' | 'repository'>;

/**
 * Turns the package in `folder` from an archive into a container image: builds and pushes the image, and has the manifest pin it by
 * digest in the archive's place. Gives the new manifest's digest. A package that pins an image already is left as it is.
 */
export async function packAsImage(
  options: ImageBuilderOptions,
  settings: ImageSettings,
  folder: string,
): Promise<string> {
  const file = join(folder, PACKAGE_FILES.manifest);
  const text = await readFile(file, 'utf8');
  const manifest = packageManifestSchema.parse(JSON.parse(text));
  if (manifest.payload.kind === 'image') return hashText(text);
  const archive = join(folder, manifest.payload.file);
  const { model, version } = manifest;
  const { payload } = await buildImage(options, { ...settings, model, version, archive, push: true });
  const changed = `${JSON.stringify({ ...manifest, payload }, undefined, 2)}\n`;
  await writeFile(file, changed);
  await rm(archive);
  return hashText(changed);
}

/** The official slim image of the Python that runs here, with which the package was checked against MLflow. */
export async function defaultBaseImage(
  python: string,
  env: Readonly<Record<string, string | undefined>>,
  run: RunCommand = runCommand,
): Promise<string> {
  const args = ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'];
  const end = await run({ command: python, args, env, timeoutMs: PROBE_TIMEOUT_MS });
  const version = linesOf(end.stdout).at(-1);
  if (end.code === 0 && version !== undefined) return `python:${version}-slim-bookworm`;
  throw new UserError([
    {
      code: 'python-not-found',
      message: `${python} does not say its version, so the container's Python can't be chosen.`,
      remedy: 'Name the base image in trainyard.yml, as serving.image.',
    },
  ]);
}
