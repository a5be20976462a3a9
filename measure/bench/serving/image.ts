import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { dockerCli } from '../../../adapters/images/docker-cli.ts';
import { readPipSettings } from '../../../adapters/images/pip.ts';
import { messageOf } from '../../../core/errors.ts';
import { STATE_DIR, venvProgram } from '../../../sandbox/checkout.ts';
import { type DockerHost, withDockerHost } from '../../../sandbox/docker/docker-host.ts';
import { printLine } from '../figures.ts';
import { type Build, type Builds, type ImageBuild, measureBuilds, type Workshop } from './image-builds.ts';
import { openMlflowBuilder } from './image-mlflow.ts';
import { buildByTrainyard, withoutCache } from './image-trainyard.ts';
import { buildVersions } from './world.ts';

const FOLDER = path.join(STATE_DIR, 'bench', 'docker');

/** The same two versions by another way of building images: its name, and what it is. */
type Rival = { readonly builds: Builds; readonly name: string; readonly what: string };

/**
 * What a changed PyTorch model costs to build and to ship as an image of its own layer, beside MLflow's own Dockerfile for it. Ten
 * minutes, nearly all of them downloads and the first builds. Where no Docker Engine can be had it says so in one line.
 */
export async function benchServingImage(): Promise<void> {
  try {
    const compared = await withDockerHost(FOLDER, { keep: false }, compareBuilders);
    if (!compared.ok) printLine('image builds', `not measured: ${compared.error}`);
  } finally {
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

async function compareBuilders(host: DockerHost): Promise<void> {
  say('logging and packaging two PyTorch models');
  const folder = path.join(FOLDER, 'models');
  mkdirSync(folder, { recursive: true });
  const workshop: Workshop = {
    ...host,
    folder,
    versions: await buildVersions(folder, 'torch_model.py'),
    docker: dockerCli({ host: host.host, env: process.env }),
    pip: await readPipSettings(process.env, venvProgram('python')),
    say,
  };
  const ours = await measureBuilds(workshop, host.base, buildByTrainyard(workshop, 'bench/trainyard'));
  const rival = await measureRival(workshop);
  printLine('image, compared with', rival.what);
  printLine('image, first version', compare(ours.first, rival.builds.first, rival.name));
  printLine('image, changed model', compare(ours.changed, rival.builds.changed, rival.name));
}

async function measureRival(workshop: Workshop): Promise<Rival> {
  try {
    const { what, base, build } = await openMlflowBuilder(workshop);
    return { name: 'mlflow', what, builds: await measureBuilds(workshop, base, build) };
  } catch (error) {
    say(`what mlflow generates can't be built here: ${messageOf(error)}`);
    const full = { ...workshop, docker: withoutCache(workshop.docker) };
    // A repository each, or version 2 would find the environment of version 1.
    const build: ImageBuild = (version) => buildByTrainyard(full, `bench/full-${version.version}`)(version);
    const builds = await measureBuilds(full, workshop.base, build);
    return { name: 'without a cache', what: 'a full build of the same image without a cache', builds };
  }
}

function compare(ours: Build, theirs: Build, name: string): string {
  const longer = (theirs.seconds / ours.seconds).toFixed(1);
  const larger = (theirs.bytes / ours.bytes).toFixed(1);
  return `${describe(ours)}; ${name} ${describe(theirs)}: ${longer} times as long, ${larger} times the bytes`;
}

function describe({ seconds, bytes }: Build): string {
  return `${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB shipped`;
}

function say(line: string): void {
  console.log(`  image: ${line}`);
}
