import type { DockerCli } from '../../../adapters/images/docker-cli.ts';
import type { PipSettings } from '../../../adapters/images/pip.ts';
import type { DockerHost } from '../../../sandbox/docker/docker-host.ts';
import { newLayers, readLayers } from '../../../sandbox/docker/registry.ts';
import type { BuiltVersion } from './world.ts';

/** What builders of images work with. */
export type Workshop = DockerHost & {
  readonly docker: DockerCli;
  readonly pip: PipSettings;
  /** Folder the models were logged into. */
  readonly folder: string;
  readonly versions: readonly BuiltVersion[];
  /** Tells of a long step. */
  readonly say: (line: string) => void;
};

/** An image in the registry, by its tag or digest. */
type PushedImage = { readonly repository: string; readonly reference: string };

/** Builds and pushes the image of a version. */
export type ImageBuild = (version: BuiltVersion) => Promise<PushedImage>;

/** Seconds to build and push an image, and bytes of those of its layers, compressed, that the image before it did not have. */
export type Build = { readonly seconds: number; readonly bytes: number };
export type Builds = { readonly first: Build; readonly changed: Build };

/**
 * Builds version 1 where the registry has only the base image, then version 2 with all that is left of version 1. What is shipped is
 * read from the registry's manifests, so that a layer counts even where another repository's copy saved its upload.
 */
export async function measureBuilds(workshop: Workshop, base: string, build: ImageBuild): Promise<Builds> {
  const [one, two] = workshop.versions;
  if (one === undefined || two === undefined) throw new Error('no package was built');
  const below = await pushBase(workshop, base);
  const first = await measureBuild(workshop, () => build(one), below);
  const changed = await measureBuild(workshop, () => build(two), first.image);
  return { first, changed };
}

/** Tags a local image with a name in the registry and pushes it. */
export async function pushAs(
  { docker, registry }: Workshop,
  local: string,
  image: PushedImage,
): Promise<PushedImage> {
  const name = `${registry}/${image.repository}:${image.reference}`;
  await docker(['tag', local, name]);
  await docker(['push', '--quiet', name]);
  return image;
}

function pushBase(workshop: Workshop, base: string): Promise<PushedImage> {
  const [repository = '', reference = 'latest'] = base.split(':');
  return pushAs(workshop, base, { repository: `bench/base/${repository}`, reference });
}

async function measureBuild(
  { registry }: Workshop,
  build: () => Promise<PushedImage>,
  before: PushedImage,
): Promise<Build & { readonly image: PushedImage }> {
  const started = performance.now();
  const image = await build();
  const seconds = (performance.now() - started) / 1_000;
  const layersOf = ({ repository, reference }: PushedImage) => readLayers(registry, repository, reference);
  const shipped = newLayers(await layersOf(image), await layersOf(before));
  return { image, seconds, bytes: shipped.reduce((sum, { size }) => sum + size, 0) };
}
