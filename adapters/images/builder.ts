import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ServiceError, UserError } from '../../core/errors.ts';
import type { PackagePayload } from '../../core/serving/package-manifest.ts';
import type { DockerCli } from './docker-cli.ts';
import { type PipSettings, writePipFolder } from './pip.ts';

/** Digits of a digest in a tag: enough to tell apart, short enough to read. */
const TAG_DIGITS = 16;
/** Files of the template that go into the environment's image. */
const CONFIGURATION = ['serve.sh', 'hardening.properties', 'log4j2.xml'];

export type ImageBuilderOptions = {
  readonly docker: DockerCli;
  /** The folder `runtime/image` of this repository. */
  readonly template: string;
  readonly pip: PipSettings;
  /** Network of the build's RUN steps, e.g. `host`; the engine's default when left out. */
  readonly network?: string;
};

export type ImageRequest = {
  readonly model: string;
  readonly version: string;
  /** The TorchServe model archive. */
  readonly archive: string;
  /** Requirements or lock file (with `--hash`es, pip checks them) of the environment the model serves in. */
  readonly requirements: string;
  /** Image the environment builds on: needs Python with venv; a JVM is added when it has none. */
  readonly base: string;
  /** Repository of the images, with its registry if there is one: `registry.example.com/team/mnist`, `trainyard/mnist`. */
  readonly repository: string;
  /** Push to that registry; without it the image stays in this engine, for an agent on the same host. */
  readonly push: boolean;
};

type BuiltImage = {
  readonly payload: Extract<PackagePayload, { kind: 'image' }>;
  readonly environment: { readonly reference: string; readonly origin: 'found' | 'pulled' | 'built' };
};

const inspectSchema = z.object({
  Id: z.string(),
  Size: z.number(),
  RepoDigests: z.array(z.string()).nullish(),
});
type Inspected = z.infer<typeof inspectSchema>;

/**
 * Builds the image of one model version in two steps. The environment (base, requirements, TorchServe's configuration) carries the digest
 * of what went into it as its tag and is built only when neither the engine nor the registry has it; the model is one layer on top.
 * So a new version in the same environment builds and ships that layer alone, on any runner. Throws ServiceErrors that quote docker.
 */
export async function buildImage(options: ImageBuilderOptions, request: ImageRequest): Promise<BuiltImage> {
  checkRepository(request.repository);
  const base = await findBase(options.docker, request.base);
  const digest = await digestEnvironment(options.template, request.requirements, base);
  const reference = `${request.repository}:environment-${digest.slice(0, TAG_DIGITS)}`;
  const origin = await provideEnvironment(options, request, reference);
  return { payload: await buildModel(options, request, reference), environment: { reference, origin } };
}

async function findBase(docker: DockerCli, base: string): Promise<Inspected> {
  const local = await inspect(docker, base);
  if (local !== undefined) return local;
  await docker(['pull', '--quiet', base]);
  return (await inspect(docker, base)) ?? missing(base);
}

/** SHA-256, in hex, of all that decides what an environment holds. */
async function digestEnvironment(template: string, requirements: string, base: Inspected): Promise<string> {
  const hash = createHash('sha256').update(base.Id);
  const files = [...CONFIGURATION, 'environment.Dockerfile'].map((name) => join(template, name));
  for (const file of [...files, requirements]) hash.update('\0').update(await readFile(file));
  return hash.digest('hex');
}

async function provideEnvironment(
  options: ImageBuilderOptions,
  request: ImageRequest,
  reference: string,
): Promise<BuiltImage['environment']['origin']> {
  if ((await inspect(options.docker, reference)) !== undefined) {
    if (request.push) await options.docker(['push', '--quiet', reference]);
    return 'found';
  }
  if (request.push && (await tryPull(options.docker, reference))) return 'pulled';
  await inContext(async (context) => {
    await writePipFolder(join(context, 'pip'), options.pip);
    await copyFile(request.requirements, join(context, 'requirements.txt'));
    await mkdir(join(context, 'image'));
    for (const name of CONFIGURATION)
      await copyFile(join(options.template, name), join(context, 'image', name));
    const file = join(options.template, 'environment.Dockerfile');
    const args = ['--build-arg', `BASE=${request.base}`, ...networkArguments(options)];
    await options.docker(['build', '--file', file, '--tag', reference, ...args, context]);
  });
  if (request.push) await options.docker(['push', '--quiet', reference]);
  return 'built';
}

async function buildModel(
  options: ImageBuilderOptions,
  request: ImageRequest,
  environment: string,
): Promise<BuiltImage['payload']> {
  const archive = createHash('sha256').update(await readFile(request.archive));
  const tag = `${request.repository}:v${request.version}-${archive.digest('hex').slice(0, TAG_DIGITS)}`;
  await inContext(async (context) => {
    await copyFile(request.archive, join(context, 'model.mar'));
    const file = join(options.template, 'model.Dockerfile');
    const args = modelArguments(request, environment);
    await options.docker(['build', '--file', file, '--tag', tag, ...args, context]);
  });
  if (request.push) await options.docker(['push', '--quiet', tag]);
  const image = (await inspect(options.docker, tag)) ?? missing(tag);
  return toPayload(request, tag, image);
}

function modelArguments(request: ImageRequest, environment: string): readonly string[] {
  const values = { ENVIRONMENT: environment, MODEL: request.model, VERSION: request.version };
  return Object.entries(values).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
}

/** A pushed image is pinned by its manifest's digest, one that stays in its engine by its id. */
function toPayload(request: ImageRequest, tag: string, image: Inspected): BuiltImage['payload'] {
  if (!request.push) return { kind: 'image', reference: tag, digest: image.Id, size: image.Size };
  const pinned = image.RepoDigests?.find((name) => name.startsWith(`${request.repository}@`));
  const digest = pinned?.slice(pinned.indexOf('@') + 1);
  if (pinned === undefined || digest === undefined) return missing(`the digest of ${tag}`);
  return { kind: 'image', reference: pinned, digest, size: image.Size };
}

async function inspect(docker: DockerCli, reference: string): Promise<Inspected | undefined> {
  const listed = await docker(['image', 'ls', '--quiet', '--no-trunc', '--filter', `reference=${reference}`]);
  if (listed.length === 0) return undefined;
  const lines = await docker(['image', 'inspect', '--format', '{{json .}}', reference]);
  return inspectSchema.parse(JSON.parse(lines.join('')));
}

/** Whether the registry gave it. Why not is no matter: a build makes up for it. */
async function tryPull(docker: DockerCli, reference: string): Promise<boolean> {
  return docker(['pull', '--quiet', reference]).then(
    () => true,
    () => false,
  );
}

function networkArguments({ network }: ImageBuilderOptions): readonly string[] {
  return network === undefined ? [] : ['--network', network];
}

async function inContext(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trainyard-image-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checkRepository(repository: string): void {
  if (/^[a-z0-9][a-z0-9._:/-]*$/.test(repository) && !/:[^/]*$/.test(repository)) return;
  throw new UserError([
    {
      code: 'image-repository-invalid',
      message: `'${repository}' is no name of an image repository.`,
      remedy: 'Write it in lower case and without a tag, e.g. registry.example.com/team/mnist.',
    },
  ]);
}

function missing(what: string): never {
  throw new ServiceError({
    code: 'image-missing',
    message: `The engine does not have ${what}, though docker reported success.`,
    remedy: 'Run the build again; if it repeats, check that DOCKER_HOST names one engine.',
    where: { kind: 'endpoint', endpoint: 'docker' },
  });
}
