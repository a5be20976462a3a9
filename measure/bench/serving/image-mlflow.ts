import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writePipFolder } from '../../../adapters/images/pip.ts';
import { describeAptSource } from '../../../sandbox/machine/debian.ts';
import { type ImageBuild, pushAs, type Workshop } from './image-builds.ts';
import { type BuiltVersion, runPython } from './world.ts';

const REPOSITORY = 'bench/mlflow';
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';
const NGINX_LINE = /^RUN apt-get.* nginx$/m;

type MlflowBuilder = {
  /** What is built, in words. */
  readonly what: string;
  /** Tag of the image it builds on. */
  readonly base: string;
  readonly build: ImageBuild;
};

/**
 * `docker build` of what `mlflow models generate-dockerfile` writes for each version. The image it is FROM can't be assumed to be within
 * reach: the base of the other images, made into one that does the same, takes its name. Where that image's apt finds no nginx, the
 * line that installs it is left out.
 */
export async function openMlflowBuilder(workshop: Workshop): Promise<MlflowBuilder> {
  const { docker, versions, say } = workshop;
  say('mlflow models generate-dockerfile');
  const contexts = new Map<BuiltVersion, string>();
  for (const version of versions) contexts.set(version, await generate(workshop, version));
  const dockerfiles = [...contexts.values()].map((context) => path.join(context, 'Dockerfile'));
  const [base] = dockerfiles.map(readBase);
  if (base === undefined) throw new Error('no package was built');
  await makeStandIn(workshop, base);
  const hasNginx = await canInstallNginx(workshop, base);
  if (!hasNginx) for (const file of dockerfiles) rewrite(file, (text) => text.replace(NGINX_LINE, ''));
  const less = hasNginx ? '' : ', without nginx, which apt does not find here';
  const build: ImageBuild = async (one) => {
    const { version } = one;
    say(`version ${version} by mlflow’s Dockerfile: minutes for its requirements`);
    const local = `${REPOSITORY}:${version}`;
    await docker(['build', '--network', 'host', '--tag', local, contexts.get(one) ?? '']);
    return pushAs(workshop, local, { repository: REPOSITORY, reference: version });
  };
  const what = `docker build of mlflow models generate-dockerfile’s output, on a stand-in for ${base}${less}`;
  return { what, base, build };
}

/** Gives the folder of the build. */
async function generate({ folder }: Workshop, { version, uri }: BuiltVersion): Promise<string> {
  const context = path.join(folder, `mlflow-${version}`);
  await runPython(folder, ['-m', 'mlflow', 'models', 'generate-dockerfile', '-m', uri, '-d', context]);
  return context;
}

function readBase(dockerfile: string): string {
  const base = /^FROM (?<base>\S+)$/m.exec(readFileSync(dockerfile, 'utf8'))?.groups?.['base'];
  if (base === undefined) throw new Error(`${dockerfile} names no base image`);
  return base;
}

/** Gives the base image what the official image of Python has, and this machine's ways to packages. */
async function makeStandIn({ docker, base, pip, folder, say }: Workshop, name: string): Promise<void> {
  say(`making a stand-in for ${name}`);
  const context = path.join(folder, 'stand-in');
  await writePipFolder(path.join(context, 'pip'), pip);
  for (const below of ['etc/apt', path.dirname(CERTIFICATES)])
    mkdirSync(path.join(context, below), { recursive: true });
  writeFileSync(path.join(context, 'etc/apt/sources.list'), describeAptSource());
  const certificates = path.join('/', CERTIFICATES);
  if (existsSync(certificates)) copyFileSync(certificates, path.join(context, CERTIFICATES));
  const file = path.join(import.meta.dirname, 'stand-in.Dockerfile');
  await docker(['build', '--file', file, '--build-arg', `BASE=${base}`, '--tag', name, context]);
}

async function canInstallNginx({ docker }: Workshop, image: string): Promise<boolean> {
  const script =
    'apt-get -q update && apt-get -q install --yes --no-install-recommends --download-only nginx';
  const command = ['run', '--rm', '--network', 'host', image, 'sh', '-c', script];
  return docker(command).then(
    () => true,
    () => false,
  );
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}
