import { statfs } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ImageInfo } from 'dockerode';
import { z } from 'zod';
import { ServiceError, UserError } from '../../../core/errors.ts';
import { digestHex } from '../../../core/identity/digest.ts';
import { epochMs, isInstant } from '../../../core/instant.ts';
import type { PackagePayload } from '../../../core/serving/package-manifest.ts';
import { LABELS } from './container.ts';
import { dockerFailure, isPassing, statusOf } from './failure.ts';
import { findRegistryLogin } from './registry-login.ts';

/** How often a pull is tried, and the first pause between tries, in ms. */
const PULL_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 1_000;
/** Repository of the names that keep the time an image served last. It is never pushed. */
const SERVED = 'trainyard-served';
const metadataSchema = z.object({ Metadata: z.object({ LastTagTime: z.string() }).optional() });

type ImagePolicy = {
  /** Free space on the engine's disk below which images are given up, and no new one is pulled, in bytes. */
  readonly reserveBytes: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The engine's address, for error messages. */
  readonly endpoint: string;
};

type ImageRequest = {
  readonly model: string;
  readonly payload: PackagePayload;
  readonly policy: ImagePolicy;
  /** Gives the pull up. */
  readonly signal: AbortSignal;
};

/**
 * The id of the package's image, pulled when the engine lacks it. The id is a digest of the image's content, so a container made from
 * it runs what the package pins, whatever a tag may point at later. Rejects when the image is another than the package says, when
 * the registry refuses, or when the engine's disk is too full to pull.
 */
export async function provideImage(
  docker: Docker,
  { model, payload, policy, signal }: ImageRequest,
): Promise<string> {
  if (payload.kind !== 'image') throw notAnImage();
  const { reference, digest } = payload;
  const pinned = reference.includes('@');
  if (pinned && !reference.endsWith(`@${digest}`)) throw differs(reference, digest);
  const present = await findImage(docker, reference, policy);
  if (present !== undefined) return pinned || present === digest ? present : refuse(reference, digest);
  if (!pinned) throw missing(reference, policy);
  await makeRoom(docker, model, policy);
  await pull(docker, reference, { policy, signal });
  return (await findImage(docker, reference, policy)) ?? refuse(reference, digest);
}

/** Notes that the image served until now, by a name of our own: the engine keeps the time an image was last named. */
export async function markServed(docker: Docker, imageId: string): Promise<void> {
  const tag = digestHex(imageId).slice(0, 12);
  await docker.getImage(imageId).tag({ repo: SERVED, tag });
}

/**
 * Gives up the images of a model but for those that run and the `keep` that served last: not those of the highest versions, since
 * between the champion and the one before it there may be any number that failed.
 */
export async function dropOldImages(docker: Docker, model: string, keep: number): Promise<void> {
  const images = await docker.listImages({ filters: { label: [`${LABELS.model}=${model}`] } });
  const used = new Set((await docker.listContainers({ all: true })).map(({ ImageID }) => ImageID));
  const dated = await Promise.all(
    images.map(async (image) => ({ image, at: await lastServed(docker, image) })),
  );
  const old = dated.sort((a, b) => b.at - a.at).slice(keep);
  for (const { image } of old.filter((one) => !used.has(one.image.Id))) await dropImage(docker, image);
}

/** When the image served last, or was pulled or built, as a number that orders. */
async function lastServed(docker: Docker, image: ImageInfo): Promise<number> {
  const { Metadata } = metadataSchema.parse(await docker.getImage(image.Id).inspect());
  const tagged = Metadata?.LastTagTime ?? '';
  return Math.max(isInstant(tagged) ? epochMs(tagged) : 0, image.Created * 1_000);
}

/** Each name by itself: with the last one the image goes. */
async function dropImage(docker: Docker, image: ImageInfo): Promise<void> {
  const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter(
    (name) => !name.includes('<none>'),
  );
  for (const name of names.length === 0 ? [image.Id] : names) {
    try {
      await docker.getImage(name).remove();
    } catch (thrown) {
      const inUse = statusOf(thrown) === 409;
      const gone = statusOf(thrown) === 404;
      if (!inUse && !gone) throw thrown;
    }
  }
}

async function findImage(
  docker: Docker,
  reference: string,
  policy: ImagePolicy,
): Promise<string | undefined> {
  try {
    return (await docker.getImage(reference).inspect()).Id;
  } catch (thrown) {
    if (statusOf(thrown) === 404) return undefined;
    throw dockerFailure(thrown, `look for ${reference}`, policy.endpoint);
  }
}

async function pull(
  docker: Docker,
  reference: string,
  { policy, signal }: Pick<ImageRequest, 'policy' | 'signal'>,
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await pullOnce(docker, reference, { policy, signal });
    } catch (thrown) {
      const failure = dockerFailure(thrown, `pull ${reference}`, policy.endpoint);
      if (tried === PULL_ATTEMPTS || signal.aborted || !isPassing(failure)) throw failure;
      await wait(FIRST_PAUSE_MS * 2 ** (tried - 1), undefined, { signal });
    }
  }
}

async function pullOnce(
  docker: Docker,
  reference: string,
  { policy, signal }: Pick<ImageRequest, 'policy' | 'signal'>,
): Promise<void> {
  const login = findRegistryLogin(reference, policy.env);
  // A registry may take its time even for the first word; closing the request has the engine give the pull up.
  const progress = await docker.pull(reference, {
    abortSignal: signal,
    ...(login !== undefined && { authconfig: login }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  await promise;
}

/** A full disk would stop more than this pull: it is kept from filling up while there is something to give up, and then refused. */
async function makeRoom(docker: Docker, model: string, policy: ImagePolicy): Promise<void> {
  if ((await freeBytes(docker)) >= policy.reserveBytes) return;
  await dropOldImages(docker, model, 0);
  const free = await freeBytes(docker);
  if (free >= policy.reserveBytes) return;
  throw new ServiceError({
    code: 'disk-full',
    message: `The disk of the Docker Engine has ${toGibibytes(free)} GiB left, less than the ${toGibibytes(policy.reserveBytes)} GiB kept free.`,
    remedy: 'Free space on it, for example with `docker system prune`, and deploy again.',
    where: { kind: 'endpoint', endpoint: policy.endpoint },
  });
}

/** Free space where the engine keeps its images; unlimited when the agent can't see that folder. */
async function freeBytes(docker: Docker): Promise<number> {
  const { DockerRootDir } = await docker.info();
  try {
    const { bavail, bsize } = await statfs(DockerRootDir);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function toGibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

function notAnImage(): UserError {
  return new UserError([
    {
      code: 'package-has-no-image',
      message: 'The package holds a model archive and no container image, and this host runs containers.',
      remedy: 'Build the package where there is Docker, with an image repository configured.',
    },
  ]);
}

function missing(reference: string, { endpoint }: ImagePolicy): ServiceError {
  return new ServiceError({
    code: 'image-not-found',
    message: `The Docker Engine of this host has no image ${reference}, and the package names no registry to pull it from.`,
    remedy: 'Build it on this host, or with a registry configured.',
    where: { kind: 'endpoint', endpoint },
  });
}

function refuse(reference: string, digest: string): never {
  throw differs(reference, digest);
}

function differs(reference: string, digest: string): UserError {
  return new UserError([
    {
      code: 'image-digest-differs',
      message: `${reference} is not the image of digest ${digest} that the package pins.`,
      remedy: 'Build the package again; if it repeats, find out who writes to this image repository.',
    },
  ]);
}
