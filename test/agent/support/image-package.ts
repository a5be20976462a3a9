import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packAsImage } from '../../../adapters/images/package.ts';
import { readPipSettings } from '../../../adapters/images/pip.ts';
import {
  type PackageManifest,
  type PackagePayload,
  packageManifestSchema,
} from '../../../core/serving/package-manifest.ts';
import {
  buildPackage,
  type TinyPackage,
  type TinyPackageRequest,
} from '../../../sandbox/agent/build-package.ts';
import { PYTHON } from '../../../sandbox/checkout.ts';
import { docker, ENGINE, TEMPLATE } from './docker-host.ts';

/** A package of the tiny model that pins a container image, built and pushed to the tests' registry as a job does it. */
export async function buildImagePackage(request: TinyPackageRequest): Promise<TinyPackage> {
  const built = buildPackage(request);
  const pip = await readPipSettings(process.env, PYTHON);
  await packAsImage(
    { docker, template: TEMPLATE, pip, network: 'host' },
    {
      base: ENGINE.base,
      requirements: join(TEMPLATE, 'requirements.txt'),
      repository: `${ENGINE.registry}/team/doubler`,
    },
    folderOf(built),
  );
  return withoutArchive(built);
}

/** The package's manifest. */
export function readManifest(built: TinyPackage): PackageManifest {
  return packageManifestSchema.parse(JSON.parse(readFileSync(manifestFile(built), 'utf8')));
}

/** A package whose manifest pins this image, whether or not there is one. */
export function buildPinnedPackage(request: TinyPackageRequest, payload: PackagePayload): TinyPackage {
  const built = buildPackage(request);
  writeFileSync(manifestFile(built), JSON.stringify({ ...readManifest(built), payload }));
  return withoutArchive(built);
}

function withoutArchive(built: TinyPackage): TinyPackage {
  const manifest = `sha256:${createHash('sha256')
    .update(readFileSync(manifestFile(built)))
    .digest('hex')}`;
  const others = built.files.filter(({ file }) => /(?:golden|profile)\.json$/.test(file));
  return { manifest, files: [{ digest: manifest, file: manifestFile(built) }, ...others] };
}

function manifestFile(built: TinyPackage): string {
  return join(folderOf(built), 'trainyard.json');
}

function folderOf({ files }: TinyPackage): string {
  return dirname(files[0]?.file ?? '');
}
